// 14, 15: how far a group has come; 29 to 32: what a queue holds (Apache: ConsumerManageProcessor,
// AdminBrokerProcessor).
#include "cli/broker/broker_controller.h"
#include "cli/broker/processors.h"
#include "libstore/index/consume_queue_store.h"

namespace mqctl {
namespace {

namespace rc = response_code;
using Answer = std::optional<Response>;

Response with_offset(int64_t offset) {
  Response response = Response::success();
  response.command.set("offset", offset);
  return response;
}

// Apache's answer where a field that must be there is not, or is no number of its kind.
std::optional<Response> lacks_queue(const ReceivedCommand& command) {
  if (command.small_number("queueId")) return std::nullopt;
  return Response::of(rc::kSystemError, "the custom field <queueId> is null");
}

struct QueueName {
  std::string_view topic;
  int32_t queue;
  explicit QueueName(const Request& request)
      : topic(request.command.text("topic")), queue(request.command.small_number_or("queueId", -1)) {}
  QueueId id() const { return QueueId(queue); }
};

// Apache's rule for a group that has no offset: a young queue is read from its beginning.
Response query_offset(BrokerController& broker, const Request& request) {
  if (std::optional<Response> fault = lacks_queue(request.command)) return *std::move(fault);
  const std::string_view group = request.command.text("consumerGroup");
  const QueueName name(request);
  if (const std::optional<int64_t> known = broker.offsets().query(group, name.topic, name.queue))
    return with_offset(*known);
  const std::optional<std::string_view> zero = request.command.find("setZeroIfNotFound");
  if (zero && *zero == "false") {
    return Response::of(rc::kQueryNotFound, "Not found, do not set to zero, maybe this group boot first");
  }
  const bool young = broker.store().min_queue_offset(name.topic, name.id()).value() <= 0 &&
                     broker.store().max_queue_offset(name.topic, name.id()).value() > 0;
  if (young) return with_offset(0);
  return Response::of(rc::kQueryNotFound, "Not found, V3_0_6_SNAPSHOT maybe this group consumer boot first");
}

// Also one that lies behind those that the topic has by now: who has begun to read it goes on.
bool has_queue(BrokerController& broker, const Topic& topic, const QueueName& name) {
  return name.queue < topic.queues() || broker.store().consume_queues().find(name.topic, name.id()) != nullptr;
}

// Apache keeps an offset of any queue, and so as many as anybody makes up.
Response update_offset(BrokerController& broker, const Request& request) {
  const std::string_view group = request.command.text("consumerGroup");
  const QueueName name(request);
  const std::optional<int64_t> offset = request.command.number("commitOffset");
  if (!offset || name.queue < 0)
    return Response::of(rc::kInvalidParameter, "the request lacks queueId or commitOffset");
  const TopicPtr topic = broker.topics().find(name.topic);
  if (!topic) return Response::of(rc::kTopicNotExist, "Topic " + std::string(name.topic) + " not exist!");
  if (!has_queue(broker, *topic, name)) {
    return Response::of(rc::kInvalidParameter, "queueId[" + std::to_string(name.queue) + "] is illegal, topic:[" +
                                                   std::string(name.topic) + "] has no such queue");
  }
  if (!broker.group(group))
    return Response::of(rc::kSubscriptionGroupNotExist, "Group " + std::string(group) + " not exist!");
  if (*offset < 0) return Response::success();
  const bool taken = broker.offsets().commit(group, name.topic, name.queue, *offset);
  return taken ? Response::success() : Response::of(rc::kSuccess, "Offset has been previously reset");
}

Response max_offset(BrokerController& broker, const Request& request) {
  if (std::optional<Response> fault = lacks_queue(request.command)) return *std::move(fault);
  const QueueName name(request);
  broker.store().await_dispatch(kReadOwnWrites);
  return with_offset(broker.store().max_queue_offset(name.topic, name.id()).value());
}

Response min_offset(BrokerController& broker, const Request& request) {
  if (std::optional<Response> fault = lacks_queue(request.command)) return *std::move(fault);
  const QueueName name(request);
  return with_offset(broker.store().min_queue_offset(name.topic, name.id()).value());
}

bool is_upper(std::string_view boundary) { return boundary == "UPPER" || boundary == "upper"; }

// LOWER, the default: the first message that is not earlier. UPPER: the last one that is not later, 0 where none is.
Response offset_by_time(BrokerController& broker, const Request& request) {
  if (std::optional<Response> fault = lacks_queue(request.command)) return *std::move(fault);
  const std::optional<int64_t> asked = request.command.number("timestamp");
  if (!asked) return Response::of(rc::kSystemError, "the custom field <timestamp> is null");
  const QueueName name(request);
  const int64_t time = *asked;
  broker.store().await_dispatch(kReadOwnWrites);
  const auto first_from = [&](int64_t from) {
    return broker.store().offset_by_time(name.topic, name.id(), EpochMs(from)).value();
  };
  if (!is_upper(request.command.text("boundaryType"))) return with_offset(first_from(time));
  const int64_t behind =
      time == INT64_MAX ? broker.store().max_queue_offset(name.topic, name.id()).value() : first_from(time + 1);
  const bool none = behind <= broker.store().min_queue_offset(name.topic, name.id()).value();
  return with_offset(none ? 0 : behind - 1);
}

Response earliest_time(BrokerController& broker, const Request& request) {
  if (std::optional<Response> fault = lacks_queue(request.command)) return *std::move(fault);
  const QueueName name(request);
  const QueueOffset first = broker.store().min_queue_offset(name.topic, name.id());
  const std::optional<EpochMs> time = broker.store().store_time(name.topic, name.id(), first);
  Response response = Response::success();
  response.command.set("timestamp", time ? time->value() : -1);
  return response;
}

}  // namespace

void register_offset_processors(ProcessorTable& table, BrokerExecutors& executors, BrokerController& broker) {
  const auto add = [&](int32_t code, Response (*process)(BrokerController&, const Request&)) {
    table.add(code, executors.consumer_manage,
              [&broker, process](const RequestPtr& request) -> Answer { return process(broker, *request); });
  };
  add(request_code::kQueryConsumerOffset, &query_offset);
  add(request_code::kUpdateConsumerOffset, &update_offset);
  add(request_code::kGetMaxOffset, &max_offset);
  add(request_code::kGetMinOffset, &min_offset);
  add(request_code::kSearchOffsetByTimestamp, &offset_by_time);
  add(request_code::kGetEarliestMsgStoreTime, &earliest_time);
}

}  // namespace mqctl
