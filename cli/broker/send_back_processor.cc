// 36: a message that a consumer could not deal with (Apache: AbstractSendMessageProcessor.consumerSendMsgBack).
#include <algorithm>

#include "cli/broker/broker_controller.h"
#include "cli/broker/processors.h"
#include "cli/broker/property_list.h"
#include "cli/broker/send_check.h"
#include "cli/broker/topic_validator.h"
#include "libstore/message/system_flag.h"

namespace mqctl {
namespace {

namespace rc = response_code;

constexpr int kDefaultRetryDelayLevel = 3;

// A consumer hands it back, to come again later, or to the dead letters.
class SendBack {
 public:
  SendBack(BrokerController& broker, const Request& request) : broker_(broker), request_(request) {}

  Response run() {
    const ReceivedCommand& command = request_.command;
    const std::string group(command.text("group"));
    const std::optional<int64_t> offset = command.number("offset");
    const int64_t level = command.number_or("delayLevel", 0);
    if (group.empty() || !offset) return Response::of(rc::kInvalidParameter, "the request lacks group or offset");
    const std::optional<SubscriptionGroup> known = broker_.group(group);
    if (!known)
      return Response::of(rc::kSubscriptionGroupNotExist,
                          "subscription group not exist, " + group + " " + std::string(kFaq));
    if (!broker_may(broker_, permission::kWrite))
      return Response::of(rc::kNoPermission, broker_forbids(broker_, request_, "sending message"));
    if (known->retry_queues() <= 0) return Response::success();
    MessageView view;
    const Result<HeldBytes> held = broker_.store().message_at(PhysicalOffset(*offset), view);
    if (!held) return Response::of(rc::kSystemError, "look message by offset failed, " + std::to_string(*offset));
    int64_t most = known->retry_max_times();
    if (command.version >= kVersion349) most = command.number("maxReconsumeTimes").value_or(most);
    const bool dead = view.reconsume_times >= most || level < 0;
    return put_back(view, group, dead, level, known->retry_queues());
  }

 private:
  Response put_back(const MessageView& view, const std::string& group, bool dead, int64_t level, int32_t retry_queues) {
    const std::string topic = dead ? dlq_topic(group) : retry_topic(group);
    const Result<Topic> made =
        broker_.topics().ensure(topic, dead ? 1 : retry_queues, permission::kRead | permission::kWrite);
    if (!made) return Response::of(rc::kSystemError, made.error().to_string());
    if (!made->writable())
      return Response::of(rc::kNoPermission, "the topic[" + topic + "] sending message is forbidden");
    BrokerMessage message = BrokerMessage::of(view);
    PropertyList properties(view.properties);
    if (properties.get("RETRY_TOPIC").empty()) properties.set("RETRY_TOPIC", std::string(view.topic));
    if (properties.get("ORIGIN_MESSAGE_ID").empty()) {
      const std::string_view given = request_.command.text("originMsgId");
      properties.set("ORIGIN_MESSAGE_ID",
                     given.empty() ? offset_message_id(view.store_host, view.physical_offset) : std::string(given));
    }
    properties.erase(property::kRealTopic);
    properties.erase(property::kRealQueueId);
    if (dead) {
      properties.erase(property::kDelay);
    } else {
      const int64_t later = int64_t{kDefaultRetryDelayLevel} + view.reconsume_times;
      properties.set(property::kDelay, std::to_string(level == 0 ? std::min<int64_t>(later, INT32_MAX) : level));
    }
    message.topic = topic;
    message.queue = dead ? 0 : any_queue(retry_queues);
    message.properties = properties.encoded();
    message.reconsume_times = view.reconsume_times == INT32_MAX ? INT32_MAX : view.reconsume_times + 1;
    message.sys_flag &= ~(sys_flag::kBornHostV6 | sys_flag::kStoreHostV6);
    message.store_host = broker_.address_for(*request_.channel);
    message.prepared_offset = PhysicalOffset(0);
    const PutMessageResult result = broker_.put(message);
    if (!stored(result.status))
      return Response::of(rc::kSystemError, std::string(put_status_name(result.status)) + ": " + result.reason);
    broker_.stats().count_put(topic, 1, static_cast<uint64_t>(result.end - result.offset));
    broker_.stats().count_send_back(properties.get("RETRY_TOPIC"), group);
    return Response::success();
  }

  BrokerController& broker_;
  const Request& request_;
};

}  // namespace

void register_send_back_processor(ProcessorTable& table, BrokerExecutors& executors, BrokerController& broker) {
  table.add(
      request_code::kConsumerSendMsgBack, executors.send_back,
      [&broker](const RequestPtr& request) -> std::optional<Response> { return SendBack(broker, *request).run(); });
}

}  // namespace mqctl
