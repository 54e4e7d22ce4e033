// 324, 325: the answer of a request-reply, on its way to who asked (Apache: ReplyMessageProcessor).
#include "cli/broker/broker_controller.h"
#include "cli/broker/processors.h"
#include "cli/broker/property_list.h"
#include "cli/broker/send_check.h"

namespace mqctl {
namespace {

namespace rc = response_code;
constexpr std::chrono::seconds kPushLimit{10};

class ReplyMessage {
 public:
  ReplyMessage(BrokerController& broker, RequestPtr request, const SendHeader& header)
      : broker_(broker), request_(std::move(request)), header_(header) {}

  std::optional<Response> run(TopicPtr topic) {
    if (std::optional<Response> fault = check_send(broker_, *request_, header_, std::move(topic), chosen_))
      return fault;
    PropertyList properties(header_.properties);
    const std::string client(properties.get("REPLY_TO_CLIENT"));
    if (client.empty()) return Response::of(rc::kSystemError, "reply message properties[REPLY_TO_CLIENT] is null");
    const ChannelPtr channel = broker_.producers().channel_of_client(client);
    if (channel == nullptr) {
      return Response::of(rc::kSystemError, "push reply message fail, channel of <" + client + "> not found.");
    }
    const BrokerConfig& config = broker_.config();
    properties.set("MSG_REGION", config.region_id);
    properties.set("TRACE_ON", config.trace_on ? "true" : "false");
    store_copy(properties.encoded());
    properties.set("PUSH_REPLY_TIME", std::to_string(broker_.clock().now().value()));
    channel->request(push(properties.encoded()), kPushLimit,
                     [&config = broker_.config(), asker = request_->asker(), client, queue = queue_, offset = offset_,
                      id = id_](std::optional<ReceivedCommand> answer) {
                       const bool taken = answer && answer->code == rc::kSuccess;
                       Response response =
                           taken ? Response::success()
                                 : Response::of(rc::kSystemError, "push reply message to <" + client + ">fail.");
                       response.command.set("msgId", id).set("queueId", queue).set("queueOffset", offset);
                       add_broker_fields(response, config);
                       asker.respond(std::move(response));
                     });
    return std::nullopt;
  }

 private:
  RemotingCommand push(std::string properties) const {
    RemotingCommand command;
    command.code = request_code::kPushReplyMessageToClient;
    command.body = as_text(request_->command.body);
    command.set("producerGroup", std::string(header_.group))
        .set("topic", std::string(header_.topic))
        .set("defaultTopic", std::string(header_.default_topic))
        .set("defaultTopicQueueNums", header_.default_queues)
        .set("queueId", header_.queue)
        .set("sysFlag", header_.sys_flag)
        .set("bornTimestamp", header_.born)
        .set("flag", header_.flag)
        .set("properties", std::move(properties))
        .set("reconsumeTimes", header_.reconsume_times)
        .set("unitMode", "false")
        .set("bornHost", to_string(request_->channel->remote()))
        .set("storeHost", to_string(broker_.address_for(*request_->channel)))
        .set("storeTimestamp", broker_.clock().now().value());
    return command;
  }

  void store_copy(std::string properties) {
    if (!broker_.config().store_reply_messages || request_->command.body.empty()) return;
    if (broker_.too_large(request_->command.body)) return;
    if (broker_.retention().disk_full()) return;  // who asked gets the reply all the same
    BrokerMessage message;
    message.topic = header_.topic;
    message.queue = chosen_;
    message.flag = header_.flag;
    message.sys_flag = header_.sys_flag;
    message.born = EpochMs(header_.born);
    message.born_host = request_->channel->remote();
    message.store_host = broker_.address_for(*request_->channel);
    message.properties = std::move(properties);
    message.body = request_->command.body;
    const PutMessageResult result = broker_.put(message);
    if (!stored(result.status)) return;
    id_ = offset_message_id(message.store_host, result.offset);
    queue_ = message.queue;
    offset_ = result.queue_offset.value();
  }

  BrokerController& broker_;
  const RequestPtr request_;
  const SendHeader& header_;
  int32_t chosen_ = 0;
  std::string id_ = "0";
  int64_t queue_ = 0, offset_ = 0;
};

std::optional<Response> reply(BrokerController& broker, const RequestPtr& request, bool letters, bool may_wait) {
  const SendHeader header = SendHeader::of(request->command, letters);
  TopicPtr topic = broker.topics().find(header.topic);
  if (!may_wait || !broker.new_topics().takes(header, topic))
    return ReplyMessage(broker, request, header).run(std::move(topic));
  return broker.new_topics().take(
      request, header, [&broker, letters](const RequestPtr& waited) { return reply(broker, waited, letters, false); });
}

}  // namespace

void register_reply_processors(ProcessorTable& table, BrokerExecutors& executors, BrokerController& broker) {
  for (const int32_t code : {request_code::kSendReplyMessage, request_code::kSendReplyMessageV2}) {
    const bool letters = code == request_code::kSendReplyMessageV2;
    table.add(code, executors.reply, [&broker, letters](const RequestPtr& request) {
      return reply(broker, request, letters, /*may_wait=*/true);
    });
  }
}

}  // namespace mqctl
