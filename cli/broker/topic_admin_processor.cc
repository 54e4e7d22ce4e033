// Topics for administrators: make, change, delete, list, count (Apache: AdminBrokerProcessor).
#include "cli/broker/body_text.h"
#include "cli/broker/broker_controller.h"
#include "cli/broker/processors.h"
#include "cli/broker/topic_validator.h"

namespace mqctl {
namespace {

namespace rc = response_code;

Response of_status(const Status& status) {
  return status.ok() ? Response::success() : Response::of(rc::kSystemError, status.to_string());
}

std::optional<Response> topic_refusal(BrokerController& broker, const std::string& name) {
  if (std::string fault = topic_fault(name); !fault.empty())
    return Response::of(rc::kInvalidParameter, std::move(fault));
  if (!broker.topics().is_system(name)) return std::nullopt;
  return Response::of(rc::kInvalidParameter, "The topic[" + name + "] is conflict with system topic.");
}

// "+message.type=FIFO,-reserve.time": set and take away.
void change_attributes(ConfigJson& attributes, std::string_view text) {
  while (!text.empty()) {
    const size_t comma = std::min(text.find(','), text.size());
    const std::string_view item = text.substr(0, comma);
    text.remove_prefix(std::min(comma + 1, text.size()));
    const size_t mark = item.find('=');
    if (item.starts_with('+') && mark != item.npos) {
      attributes[std::string(item.substr(1, mark - 1))] = std::string(item.substr(mark + 1));
    } else if (item.starts_with('-')) {
      attributes.erase(std::string(item.substr(1)));
    }
  }
}

Response update_topic(BrokerController& broker, const Request& request) {
  const ReceivedCommand& command = request.command;
  const std::string name(command.text("topic"));
  if (std::optional<Response> refusal = topic_refusal(broker, name)) return *std::move(refusal);
  constexpr size_t kMostAttributes = 32u << 10;
  if (command.text("attributes").size() > kMostAttributes)
    return Response::of(rc::kInvalidParameter, "the attributes have more than 32 KiB");
  const TopicPtr known = broker.topics().find(name);
  Topic topic = known == nullptr ? Topic() : *known;
  topic.read_queues = static_cast<int32_t>(std::clamp<int64_t>(command.number_or("readQueueNums", 8), 0, 65536));
  topic.write_queues = static_cast<int32_t>(std::clamp<int64_t>(command.number_or("writeQueueNums", 8), 0, 65536));
  topic.perm = command.small_number_or("perm", permission::kRead | permission::kWrite);
  topic.sys_flag = command.small_number_or("topicSysFlag", 0);
  topic.order = command.truth("order");
  if (!command.text("topicFilterType").empty()) topic.filter_type = command.text("topicFilterType");
  change_attributes(topic.attributes, command.text("attributes"));
  Status status = broker.topics().update({{name, topic}});
  return status.ok() ? Response::success_unremarked() : of_status(status);
}

Response update_topics(BrokerController& broker, const Request& request) {
  const std::optional<ConfigJson> body = body_json(request.command);
  if (!body || !body->is_object() || !body->contains("topicConfigList"))
    return Response::of(rc::kInvalidParameter, "no topicConfigList");
  NamedTopics topics;
  for (const ConfigJson& entry : (*body)["topicConfigList"]) {
    const std::string name = entry.is_object() ? text_in(entry, "topicName", "") : "";
    if (std::optional<Response> refusal = topic_refusal(broker, name)) return *std::move(refusal);
    topics.insert_or_assign(name, topic_from_json(entry));
  }
  const Status status = broker.topics().update(topics);
  return status.ok() ? Response::success_unremarked() : of_status(status);
}

Response delete_topic(BrokerController& broker, const Request& request) {
  const std::string name(request.command.text("topic"));
  if (name.empty()) return Response::of(rc::kInvalidParameter, "The specified topic is blank.");
  if (broker.topics().is_system(name)) {
    return Response::of(rc::kInvalidParameter, "The topic[" + name + "] is conflict with system topic.");
  }
  broker.offsets().remove_topic(name);
  if (Status status = broker.topics().erase(name); !status.ok()) return of_status(status);
  broker.stats().forget_topic(name);
  const Result<int> deleted = broker.store().delete_queues([&](std::string_view topic) { return topic == name; });
  return deleted ? Response::success() : of_status(deleted.error());
}

Response all_topics(BrokerController& broker, const Request& request) {
  const auto topics = broker.topics().all();
  const int64_t from = std::max<int64_t>(0, request.command.number_or("topicSeq", 0));
  const int64_t most = request.command.number("maxTopicNum").value_or(INT64_MAX);
  ConfigJson table = ConfigJson::object();
  for (int64_t i = from; i < static_cast<int64_t>(topics.size()) && i - from < most; ++i) {
    const auto& [name, topic] = topics[static_cast<size_t>(i)];
    add_member(table, name, topic_json(name, *topic));
  }
  const ConfigJson version = broker.topics().version().json();
  Response response = Response::with_body(compact(ConfigJson{{"dataVersion", version},
                                                             {"mappingDataVersion", version},
                                                             {"topicConfigTable", table},
                                                             {"topicQueueMappingDetailMap", ConfigJson::object()},
                                                             {"topicQueueMappingInfoMap", ConfigJson::object()}}));
  response.command.set("totalTopicNum", static_cast<int64_t>(topics.size()));
  return response;
}

Response one_topic(BrokerController& broker, const Request& request) {
  const std::string name(request.command.text("topic"));
  const TopicPtr topic = broker.topics().find(name);
  if (!topic) return Response::of(rc::kTopicNotExist, "No topic in this broker. topic: " + name);
  return Response::with_body(compact(topic_json(name, *topic)));
}

Response topic_stats(BrokerController& broker, const Request& request) {
  const std::string name(request.command.text("topic"));
  const TopicPtr topic = broker.topics().find(name);
  if (!topic) return Response::of(rc::kTopicNotExist, "topic[" + name + "] not exist");
  QueueTable table(broker.config().broker_name);
  broker.store().await_dispatch(kReadOwnWrites);
  for (int32_t queue = 0; queue < topic->write_queues; ++queue) {
    const QueueOffset min = broker.store().min_queue_offset(name, QueueId(queue));
    const QueueOffset max = broker.store().max_queue_offset(name, QueueId(queue));
    const std::optional<EpochMs> last =
        max > min ? broker.store().store_time(name, QueueId(queue), max - 1) : std::nullopt;
    table.add(
        name, queue,
        ConfigJson{
            {"lastUpdateTimestamp", last ? last->value() : 0}, {"maxOffset", max.value()}, {"minOffset", min.value()}});
  }
  const std::optional<SlidingCount> puts = broker.stats().find("TOPIC_PUT_NUMS", name);
  const int64_t now_ms = broker.clock().now().value();
  const double per_second = puts ? puts->last(SlidingCount::kMinute, now_ms).per_second : 0;
  return Response::with_body("{\"offsetTable\":" + table.text() +
                             ",\"topicPutTps\":" + compact(ConfigJson(per_second)) + "}");
}

Response system_topics(BrokerController& broker, const Request&) {
  return Response::with_body(compact(ConfigJson{{"topicList", broker.topics().system_topics()}}));
}

Response consumed_by(BrokerController& broker, const Request& request) {
  const std::string_view topic = request.command.text("topic");
  std::set<std::string> groups = broker.consumers().groups_of(topic);
  groups.merge(broker.offsets().groups_of(topic));
  return Response::with_body(compact(ConfigJson{{"groupList", groups}}));
}

}  // namespace

void register_topic_admin_processors(ProcessorTable& table, BrokerExecutors& executors, BrokerController& broker) {
  const auto add = [&](int32_t code, Response (*process)(BrokerController&, const Request&)) {
    table.add(code, executors.admin, [&broker, process](const RequestPtr& request) -> std::optional<Response> {
      return process(broker, *request);
    });
  };
  add(request_code::kUpdateAndCreateTopic, &update_topic);
  add(request_code::kUpdateAndCreateTopicList, &update_topics);
  add(request_code::kDeleteTopicInBroker, &delete_topic);
  add(request_code::kGetAllTopicConfig, &all_topics);
  add(request_code::kGetTopicConfig, &one_topic);
  add(request_code::kGetTopicStatsInfo, &topic_stats);
  add(request_code::kGetSystemTopicListFromBroker, &system_topics);
  add(request_code::kQueryTopicConsumeByWho, &consumed_by);
}

}  // namespace mqctl
