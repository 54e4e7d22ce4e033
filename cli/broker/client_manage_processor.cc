// 34, 35, 38, 46: clients come and go (Apache: ClientManageProcessor, ConsumerManageProcessor); 41, 42: who consumes a
// queue in order (Apache: AdminBrokerProcessor).
#include <algorithm>

#include "cli/broker/body_text.h"
#include "cli/broker/broker_controller.h"
#include "cli/broker/config_table.h"
#include "cli/broker/processors.h"
#include "cli/broker/topic_validator.h"

namespace mqctl {
namespace {

namespace rc = response_code;

// Java and Go write names, C++ writes ordinals.
template <size_t N>
std::string enum_name(const ConfigJson& json, const char* member, const char* const (&names)[N]) {
  const auto found = json.find(member);
  if (found == json.end()) return names[0];
  if (found->is_string()) return found->get<std::string>();
  if (!found->is_number_integer()) return names[0];
  const int64_t ordinal = found->get<int64_t>();
  return names[ordinal >= 0 && ordinal < static_cast<int64_t>(N) ? ordinal : 0];
}

GroupModel model_of(const ConfigJson& consumer) {
  static constexpr const char* kTypes[] = {"CONSUME_ACTIVELY", "CONSUME_PASSIVELY", "CONSUME_POP"};
  static constexpr const char* kModels[] = {"BROADCASTING", "CLUSTERING"};
  static constexpr const char* kFrom[] = {
      "CONSUME_FROM_LAST_OFFSET",  "CONSUME_FROM_LAST_OFFSET_AND_FROM_MIN_WHEN_BOOT_FIRST",
      "CONSUME_FROM_MIN_OFFSET",   "CONSUME_FROM_MAX_OFFSET",
      "CONSUME_FROM_FIRST_OFFSET", "CONSUME_FROM_TIMESTAMP"};
  return {enum_name(consumer, "consumeType", kTypes), enum_name(consumer, "messageModel", kModels),
          enum_name(consumer, "consumeFromWhere", kFrom)};
}

const ConfigJson& list_in(const ConfigJson& json, const char* name) {
  static const ConfigJson kNone = ConfigJson::array();
  const auto found = json.find(name);
  return found != json.end() && found->is_array() ? *found : kNone;
}

class HeartBeat {
 public:
  HeartBeat(BrokerController& broker, const Request& request)
      : broker_(broker), request_(request), data_(body_json(request.command)) {}

  bool is_json() const { return data_ && data_->is_object(); }
  bool has_new_groups() const { return !broker_.has_groups(groups()); }

  Response run() {
    client_ = {request_.channel, text_in(*data_, "clientID", ""), request_.command.language, request_.command.version,
               broker_.clock().steady_now()};
    short_form_ = bool_in(*data_, "withoutSub", false) || bool_in(*data_, "isWithoutSub", false);
    // Who does not say what he knows us to know is to tell everything, always.
    bool unknown = number_in(*data_, "heartbeatFingerprint", 0) == 0;
    if (!broker_.ensure_groups(groups())) unknown = true;
    for (const ConfigJson& consumer : list_in(*data_, "consumerDataSet")) {
      if (consumer.is_object()) unknown = add_consumer(consumer) || unknown;
    }
    for (const ConfigJson& producer : list_in(*data_, "producerDataSet")) {
      const std::string group = producer.is_object() ? text_in(producer, "groupName", "") : "";
      if (!group.empty()) broker_.producers().add(group, client_);
    }
    Response response = Response::success();
    response.command.set("IS_SUPPORT_HEART_BEAT_V2", "true").set("IS_SUB_CHANGE", unknown ? "true" : "false");
    return response;
  }

 private:
  std::vector<std::string> groups() const {
    std::vector<std::string> names;
    for (const ConfigJson& consumer : list_in(*data_, "consumerDataSet")) {
      if (consumer.is_object()) names.push_back(text_in(consumer, "groupName", ""));
    }
    return names;
  }

  // True where the client must tell its subscriptions in full.
  bool add_consumer(const ConfigJson& consumer) {
    const std::string name = text_in(consumer, "groupName", "");
    if (!broker_.groups().contains(name)) return false;
    ConsumerManager::Registration registration{name, model_of(consumer), client_, {}, short_form_};
    for (const ConfigJson& entry : list_in(consumer, "subscriptionDataSet")) {
      if (!entry.is_object()) continue;
      Result<SubscriptionData> data = subscription_from_json(entry);
      if (data) {
        registration.subscriptions.push_back(std::move(*data));
      } else {
        broker_.log().warning("group " + name + " subscribes by an expression that is none: " + data.error().message());
      }
    }
    const bool unknown = short_form_ && !broker_.consumers().has_subscriptions(name);
    broker_.consumers().add(registration);
    return unknown;
  }

  BrokerController& broker_;
  const Request& request_;
  const std::optional<ConfigJson> data_;
  ClientInfo client_;
  bool short_form_ = false;
};

void beat_and_respond(BrokerController& broker, const Request& request) {
  try {
    request.respond(HeartBeat(broker, request).run());
  } catch (const std::exception& error) {
    broker.log().error("heartbeat: " + std::string(error.what()));
    request.respond(Response::of(rc::kSystemError, error.what()));
  }
  if (request.channel->open()) return;
  // It went while this waited: nobody will take its clients away.
  broker.consumers().remove_channel(request.channel->id());
  broker.producers().remove_channel(request.channel->id());
}

// What brings new groups waits for the disk: not on a connection's own thread, and its JSON does not wait with it.
std::optional<Response> heart_beat(BrokerController& broker, Executor& saving, const RequestPtr& request) {
  HeartBeat beat(broker, *request);
  if (!beat.is_json()) return Response::of(rc::kSystemError, "the heartbeat is no JSON");
  if (saving.runs_inline() || !beat.has_new_groups()) return beat.run();
  const bool taken =
      saving.submit({[&broker, request] { beat_and_respond(broker, *request); },
                     [request](std::chrono::milliseconds, size_t) { request->respond(Response::busy()); },
                     request->command.storage_bytes});
  return taken ? std::nullopt : std::optional(Response::busy());
}

Response unregister(BrokerController& broker, const Request& request) {
  const std::string producers(request.command.text("producerGroup")), consumers(request.command.text("consumerGroup"));
  if (!producers.empty()) broker.producers().remove(producers, request.channel->id());
  if (!consumers.empty()) broker.consumers().remove(consumers, request.channel->id());
  return Response::success();
}

Response check_client_config(const Request& request) {
  const std::optional<ConfigJson> body = body_json(request.command);
  const auto data = body && body->is_object() ? body->find("subscriptionData") : ConfigJson::const_iterator();
  if (!body || !body->is_object() || data == body->end() || !data->is_object()) return Response::success();
  const Result<SubscriptionData> subscription = subscription_from_json(*data);
  return subscription ? Response::success()
                      : Response::of(rc::kSubscriptionParseFailed, subscription.error().message());
}

Response list_consumers(BrokerController& broker, const Request& request) {
  const std::string_view group = request.command.text("consumerGroup");
  const std::vector<std::string> ids = broker.consumers().client_ids(group);
  if (ids.empty()) return Response::of(rc::kSystemError, "no consumer for this group, " + std::string(group));
  return Response::with_body(compact(ConfigJson{{"consumerIdList", ids}}));
}

// Calls for each queue of a lock request; the ones that it says yes to.
template <class Each>
std::optional<ConfigJson> for_each_queue(const Request& request, Each&& each) {
  const std::optional<ConfigJson> body = body_json(request.command);
  if (!body || !body->is_object()) return std::nullopt;
  const std::string group = text_in(*body, "consumerGroup", ""), client = text_in(*body, "clientId", "");
  ConfigJson yes = ConfigJson::array();
  for (const ConfigJson& queue : list_in(*body, "mqSet")) {
    if (!queue.is_object()) continue;
    if (each(group, text_in(queue, "topic", ""), static_cast<int32_t>(number_in(queue, "queueId", 0)), client))
      yes.push_back(queue);
  }
  return yes;
}

Response lock_queues(BrokerController& broker, const Request& request) {
  const std::optional<ConfigJson> locked =
      for_each_queue(request, [&](const auto& group, const auto& topic, int32_t queue, const auto& client) {
        return broker.locks().try_lock(group, topic, queue, client);
      });
  if (!locked) return Response::of(rc::kSystemError, "the body is no JSON");
  return Response::with_body(compact(ConfigJson{{"lockOKMQSet", *locked}}));
}

Response unlock_queues(BrokerController& broker, const Request& request) {
  const std::optional<ConfigJson> done =
      for_each_queue(request, [&](const auto& group, const auto& topic, int32_t queue, const auto& client) {
        broker.locks().unlock(group, topic, queue, client);
        return true;
      });
  return done ? Response::success() : Response::of(rc::kSystemError, "the body is no JSON");
}

}  // namespace

void register_client_processors(ProcessorTable& table, BrokerExecutors& executors, BrokerController& broker) {
  using Answer = std::optional<Response>;
  table.add(
      request_code::kHeartBeat, executors.heartbeat,
      [&broker, &saving = executors.admin](const RequestPtr& r) -> Answer { return heart_beat(broker, saving, r); });
  table.add(request_code::kUnregisterClient, executors.client_manage,
            [&broker](const RequestPtr& r) -> Answer { return unregister(broker, *r); });
  table.add(request_code::kCheckClientConfig, executors.client_manage,
            [](const RequestPtr& r) -> Answer { return check_client_config(*r); });
  table.add(request_code::kGetConsumerListByGroup, executors.consumer_manage,
            [&broker](const RequestPtr& r) -> Answer { return list_consumers(broker, *r); });
  table.add(request_code::kLockBatchMq, executors.consumer_manage,
            [&broker](const RequestPtr& r) -> Answer { return lock_queues(broker, *r); });
  table.add(request_code::kUnlockBatchMq, executors.consumer_manage,
            [&broker](const RequestPtr& r) -> Answer { return unlock_queues(broker, *r); });
}

}  // namespace mqctl
