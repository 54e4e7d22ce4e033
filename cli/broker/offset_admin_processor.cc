// Progress of groups for administrators: statistics, resets, copies (Apache: AdminBrokerProcessor).
#include <cstdio>
#include <ctime>

#include "cli/broker/body_text.h"
#include "cli/broker/broker_controller.h"
#include "cli/broker/processors.h"
#include "cli/broker/topic_validator.h"

namespace mqctl {
namespace {

namespace rc = response_code;

// Where a queue is to be set for a time; negative times mean its end.
int64_t offset_for(BrokerController& broker, const std::string& topic, int32_t queue, int64_t timestamp) {
  if (timestamp < 0) return broker.store().max_queue_offset(topic, QueueId(queue)).value();
  return broker.store().offset_by_time(topic, QueueId(queue), EpochMs(timestamp)).value();
}

Response reset_offsets(BrokerController& broker, const Request& request) {
  const ReceivedCommand& command = request.command;
  const std::string name(command.text("topic")), group(command.text("group"));
  const TopicPtr topic = broker.topics().find(name);
  if (!topic) return Response::of(rc::kTopicNotExist, "Topic " + name + " does not exist");
  if (!broker.group(group)) return Response::of(rc::kSubscriptionGroupNotExist, "Group " + group + " does not exist");
  const int64_t timestamp = command.number_or("timestamp", -1), fixed = command.number_or("offset", -1);
  const int64_t one = command.number_or("queueId", -1);
  QueueTable table(broker.config().broker_name);
  for (int32_t queue = 0; queue < topic->read_queues; ++queue) {
    if (one >= 0 && queue != one) continue;
    int64_t offset = offset_for(broker, name, queue, timestamp);
    if (one >= 0 && fixed != -1) {
      const int64_t min = broker.store().min_queue_offset(name, QueueId(queue)).value();
      const int64_t max = broker.store().max_queue_offset(name, QueueId(queue)).value();
      if (fixed < min || fixed > max + 1) {
        return Response::of(rc::kSystemError, "Target offset " + std::to_string(fixed) +
                                                  " not in consume queue range [" + std::to_string(min) + "-" +
                                                  std::to_string(max) + "]");
      }
      offset = fixed;
    }
    broker.offsets().reset(group, name, queue, offset);
    table.add(name, queue, ConfigJson(offset));
  }
  broker.hold().release_all();  // parked consumers learn of it at once
  return Response::with_body("{\"offsetTable\":" + table.text() + "}");
}

// Asked of every client of the group, one after the other.
class ConsumerStatus : public std::enable_shared_from_this<ConsumerStatus> {
 public:
  ConsumerStatus(const Request& request, std::vector<ClientInfo> clients)
      : asker_(request.asker()),
        topic_(request.command.text("topic")),
        group_(request.command.text("group")),
        clients_(std::move(clients)) {}
  void ask_next() {
    if (at_ == clients_.size()) {
      Response response = Response::success_unremarked();
      response.command.body = "{\"consumerTable\":{" + text_ + "},\"messageQueueTable\":{}}";
      return asker_.respond(std::move(response));
    }
    RemotingCommand command;
    command.code = request_code::kGetConsumerStatusFromClient;
    command.set("topic", topic_).set("group", group_);
    const ClientInfo& client = clients_[at_++];
    client.channel->request(std::move(command), std::chrono::seconds(5),
                            [self = shared_from_this(), id = client.id](auto answer) {
                              if (answer && answer->code == rc::kSuccess) self->add(id, as_text(answer->body));
                              self->ask_next();
                            });
  }

 private:
  // The client's own table is what follows "messageQueueTable":.
  void add(const std::string& id, std::string_view body) {
    constexpr std::string_view kMember = "\"messageQueueTable\":";
    const size_t at = body.find(kMember);
    if (at == body.npos || !body.ends_with('}')) return;
    const std::string_view table = body.substr(at + kMember.size(), body.size() - at - kMember.size() - 1);
    text_ += (text_.empty() ? "" : ",") + compact(ConfigJson(id)) + ":" + std::string(table);
  }
  const Asker asker_;
  const std::string topic_, group_;
  const std::vector<ClientInfo> clients_;
  size_t at_ = 0;
  std::string text_;
};

std::optional<Response> consumer_status(BrokerController& broker, const RequestPtr& request) {
  const std::string group(request->command.text("group")), wanted(request->command.text("clientAddr"));
  const std::optional<ConsumerGroup> online = broker.consumers().find(group);
  if (!online) return Response::of(rc::kSystemError, "No Any Consumer online in the consumer group: [" + group + "]");
  std::vector<ClientInfo> clients;
  for (const ClientInfo& client : online->clients) {
    if (wanted.empty() || client.id == wanted) clients.push_back(client);
  }
  std::make_shared<ConsumerStatus>(*request, std::move(clients))->ask_next();
  return std::nullopt;
}

Response all_offsets(BrokerController& broker, const Request&) {
  return Response::with_body(compact(broker.offsets().json()));
}

Response clone_offsets(BrokerController& broker, const Request& request) {
  const std::string from(request.command.text("srcGroup")), to(request.command.text("destGroup")),
      asked(request.command.text("topic"));
  if (std::string fault = group_fault(to); !fault.empty()) return Response::of(rc::kInvalidParameter, std::move(fault));
  std::set<std::string> topics = asked.empty() ? broker.offsets().topics_of(from) : std::set<std::string>{asked};
  for (const std::string& topic : topics) {
    if (broker.topics().find(topic)) broker.offsets().copy_group(from, to, topic);
  }
  return Response::success();
}

// 2026-11-23#09:03:13:995, as Apache prints times for people.
std::string local_time(int64_t at_ms) {
  const auto seconds = static_cast<time_t>(at_ms >= 0 ? at_ms / 1000 : (at_ms - 999) / 1000);
  tm local{};
  ::localtime_r(&seconds, &local);
  char date[40], text[64];
  std::strftime(date, sizeof date, "%Y-%m-%d#%H:%M:%S", &local);
  std::snprintf(text, sizeof text, "%s:%03d", date, static_cast<int>(((at_ms % 1000) + 1000) % 1000));
  return text;
}

Response time_span(BrokerController& broker, const Request& request) {
  const std::string name(request.command.text("topic")), group(request.command.text("group"));
  const TopicPtr topic = broker.topics().find(name);
  if (!topic) return Response::of(rc::kTopicNotExist, "topic[" + name + "] not exist");
  ConfigJson spans = ConfigJson::array();
  const auto time_of = [&](int32_t queue, int64_t offset) {
    const std::optional<EpochMs> time = broker.store().store_time(name, QueueId(queue), QueueOffset(offset));
    return time ? time->value() : -1;
  };
  for (int32_t queue = 0; queue < topic->write_queues; ++queue) {
    const int64_t min = broker.store().min_queue_offset(name, QueueId(queue)).value();
    const int64_t max = broker.store().max_queue_offset(name, QueueId(queue)).value();
    const int64_t at = broker.offsets().query(group, name, queue).value_or(0);
    const int64_t consumed = at > 0 ? time_of(queue, at - 1) : time_of(queue, min),
                  newest = max > min ? time_of(queue, max - 1) : -1;
    const int64_t delay = at < max ? broker.clock().now().value() - time_of(queue, at) : 0;
    const int64_t oldest = time_of(queue, min);
    spans.push_back(ConfigJson{{"consumeTimeStamp", consumed},
                               {"consumeTimeStampStr", local_time(consumed)},
                               {"delayTime", delay},
                               {"maxTimeStamp", newest},
                               {"maxTimeStampStr", local_time(newest)},
                               {"messageQueue", queue_json(broker.config().broker_name, name, queue)},
                               {"minTimeStamp", oldest},
                               {"minTimeStampStr", local_time(oldest)}});
  }
  return Response::with_body(compact(ConfigJson{{"consumeTimeSpanSet", spans}}));
}

}  // namespace

void register_offset_admin_processors(ProcessorTable& table, BrokerExecutors& executors, BrokerController& broker) {
  const auto add = [&](int32_t code, Response (*process)(BrokerController&, const Request&)) {
    table.add(code, executors.admin, [&broker, process](const RequestPtr& request) -> std::optional<Response> {
      return process(broker, *request);
    });
  };
  add(request_code::kInvokeBrokerToResetOffset, &reset_offsets);
  add(request_code::kGetAllConsumerOffset, &all_offsets);
  add(request_code::kCloneGroupOffset, &clone_offsets);
  add(request_code::kQueryConsumeTimeSpan, &time_span);
  table.add(request_code::kInvokeBrokerToGetConsumerStatus, executors.admin,
            [&broker](const RequestPtr& request) { return consumer_status(broker, request); });
}

}  // namespace mqctl
