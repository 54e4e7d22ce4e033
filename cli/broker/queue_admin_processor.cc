// Single queues, groups and half messages for administrators: 308, 321, 323, 353 (Apache: AdminBrokerProcessor).
#include "cli/broker/body_text.h"
#include "cli/broker/broker_controller.h"
#include "cli/broker/processors.h"
#include "cli/broker/property_list.h"
#include "cli/broker/topic_validator.h"
#include "libstore/index/consume_queue_store.h"

namespace mqctl {
namespace {

namespace rc = response_code;

std::set<std::string> listed(std::string_view text) {
  std::set<std::string> names;
  while (!text.empty()) {
    const size_t comma = std::min(text.find(','), text.size());
    if (comma > 0) names.emplace(text.substr(0, comma));
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return names;
}

// 308: how far every group has come at least; queues in which the compared group is behind that get the largest number.
Response correction_offsets(BrokerController& broker, const Request& request) {
  const std::string topic(request.command.text("topic"));
  const std::set<std::string> left_out = listed(request.command.text("filterGroups"));
  ConsumerOffsetManager::Queues least;
  for (const std::string& group : broker.offsets().groups_of(topic)) {
    if (left_out.contains(group)) continue;
    for (const auto& [queue, offset] : broker.offsets().queues_of(group, topic)) {
      const auto entry = least.try_emplace(queue, offset).first;
      entry->second = std::min(entry->second, offset);
    }
  }
  for (const auto& [queue, offset] : broker.offsets().queues_of(request.command.text("compareGroup"), topic)) {
    const auto entry = least.find(queue);
    if (entry != least.end() && entry->second > offset) entry->second = INT64_MAX;
  }
  ConfigJson offsets = ConfigJson::object();
  for (const auto& [queue, offset] : least) add_member(offsets, std::to_string(queue), offset);
  return Response::with_body(compact(ConfigJson{{"correctionOffsets", offsets}}));
}

ConfigJson unit_json(BrokerController& broker, const ConsumeQueueUnit& unit, const SubscriptionData* subscription) {
  ConfigJson json{{"eval", false},
                  {"physicOffset", unit.physical_offset.value()},
                  {"physicSize", unit.size},
                  {"tagsCode", unit.tags_code}};
  if (subscription == nullptr) return json;
  MessageView view;
  const Result<HeldBytes> held = broker.store().message_at(unit.physical_offset, view);
  json["eval"] =
      subscription->accepts_code(unit.tags_code) && held && subscription->accepts_properties(view.properties);
  if (!held) json["msg"] = held.error().message();
  return json;
}

// 321
Response query_queue(BrokerController& broker, const Request& request) {
  const ReceivedCommand& command = request.command;
  const std::string topic(command.text("topic")), group(command.text("consumerGroup"));
  const int64_t id = command.number_or("queueId", -1),
                most = std::clamp<int64_t>(command.number_or("count", 1), 0, 4096);
  const ConsumeQueue* queue = broker.store().consume_queues().find(topic, QueueId(static_cast<int32_t>(id)));
  if (queue == nullptr) return Response::of(rc::kSystemError, std::to_string(id) + "@" + topic + " is not exist!");
  const std::optional<SubscriptionData> subscription = broker.consumers().subscription(group, topic);
  ConfigJson units = ConfigJson::array();
  QueueOffset at(std::max(queue->min_offset().value(), command.number_or("index", 0)));
  for (int64_t i = 0; i < most && at < queue->max_offset(); ++i, ++at) {
    const std::optional<ConsumeQueueUnit> unit = queue->unit(at);
    if (!unit) break;
    units.push_back(unit_json(broker, *unit, subscription ? &*subscription : nullptr));
  }
  ConfigJson body{{"maxQueueIndex", queue->max_offset().value()},
                  {"minQueueIndex", queue->min_offset().value()},
                  {"queueData", units}};
  if (subscription) body["subscriptionData"] = subscription_json(*subscription);
  Response response = Response::success_unremarked();
  response.command.body = compact(body);
  return response;
}

// 323: a half message that was given up is asked about again.
Response resume_check(BrokerController& broker, const Request& request) {
  const std::optional<OffsetMessageId> place = parse_offset_message_id(request.command.text("msgId"));
  MessageView view;
  const Result<HeldBytes> held = broker.store().message_at(place ? place->physical_offset : PhysicalOffset(-1), view);
  if (!held) return Response::of(rc::kSystemError, "can not find the message");
  const bool is_half = view.topic == topic_name::kHalf || view.topic == topic_name::kCheckMaxTime;
  if (!is_half) return Response::of(rc::kSystemError, "the message is no half message");
  BrokerMessage message = BrokerMessage::of(view);
  PropertyList properties(view.properties);
  properties.set("TRANSACTION_CHECK_TIMES", "0");
  message.properties = properties.encoded();
  message.topic = topic_name::kHalf;
  message.queue = 0;
  const PutMessageResult result = broker.put(message);
  return stored(result.status) ? Response::success()
                               : Response::of(rc::kSystemError, "Put message back to RMQ_SYS_TRANS_HALF_TOPIC failed.");
}

// 353
Response group_forbidden(BrokerController& broker, const Request& request) {
  const ReceivedCommand& command = request.command;
  const std::string group(command.text("group")), topic(command.text("topic"));
  if (!broker.topics().find(topic)) return Response::of(rc::kTopicNotExist, "topic[" + topic + "] not exist");
  if (!command.text("readable").empty()) {
    if (std::string fault = group_fault(group); !fault.empty())
      return Response::of(rc::kInvalidParameter, std::move(fault));
    if (Status status = broker.groups().set_may_read(group, topic, command.truth("readable")); !status.ok())
      return Response::of(rc::kSystemError, status.to_string());
  }
  const bool readable = broker.groups().may_read(group, topic);
  return Response::with_body(compact(ConfigJson{{"group", group}, {"readable", readable}, {"topic", topic}}));
}

}  // namespace

void register_queue_admin_processors(ProcessorTable& table, BrokerExecutors& executors, BrokerController& broker) {
  const auto add = [&](int32_t code, Response (*process)(BrokerController&, const Request&)) {
    table.add(code, executors.admin, [&broker, process](const RequestPtr& request) -> std::optional<Response> {
      return process(broker, *request);
    });
  };
  add(request_code::kQueryCorrectionOffset, &correction_offsets);
  add(request_code::kQueryConsumeQueue, &query_queue);
  add(request_code::kResumeCheckHalfMessage, &resume_check);
  add(request_code::kUpdateAndGetGroupForbidden, &group_forbidden);
}

}  // namespace mqctl
