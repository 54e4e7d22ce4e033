// Sends: 10, 310, 320 (Apache: SendMessageProcessor, AbstractSendMessageProcessor).
#include <algorithm>

#include "cli/broker/broker_controller.h"
#include "cli/broker/processors.h"
#include "cli/broker/property_list.h"
#include "cli/broker/send_answer.h"
#include "cli/broker/send_check.h"
#include "cli/broker/send_header.h"
#include "cli/broker/topic_validator.h"
#include "cli/broker/transactional_message_service.h"
#include "libstore/message/client_batch.h"
#include "libstore/message/system_flag.h"

namespace mqctl {
namespace {

namespace rc = response_code;

constexpr std::string_view kPopReceipt = "POP_CK";

// Properties end in a separator before anything is added: releases before 5.2 leave the last one out.
void close_properties(std::string& properties) {
  if (!properties.empty() && properties.back() != kPropertySeparator) properties += kPropertySeparator;
}

// What a send's own properties say about its way, found in one walk.
struct SendProperties {
  std::string_view unique_key, transaction;
  bool has_unique_key = false, delay = false, timer = false, pop_receipt = false;

  explicit SendProperties(std::string_view properties) {
    PropertyCursor cursor(properties);
    for (PropertyItem item; cursor.next(item);) take(item);
  }

 private:
  void take(const PropertyItem& item) {
    switch (item.name.front()) {
      case 'U':
        if (item.name != property::kUniqKey) return;
        unique_key = item.value;
        has_unique_key = true;
        return;
      case 'D':
        delay |= item.name == property::kDelay;
        return;
      case 'P':
        pop_receipt |= item.name == kPopReceipt;
        return;
      case 'T':
        if (item.name == "TRAN_MSG") transaction = item.value;
        timer |= item.name == "TIMER_DELAY_SEC" || item.name == "TIMER_DELAY_MS" || item.name == "TIMER_DELIVER_MS";
        return;
      default:
        return;
    }
  }
};

// What a consumer got with a message by POP is none of the message that he sends.
void remove_pop_receipt(std::string& properties) {
  PropertyList list(properties);
  list.erase(kPopReceipt);
  properties = list.encoded();
  close_properties(properties);
}

void add_property(std::string& properties, std::string_view name, std::string_view value) {
  properties.append(name) += kNameValueSeparator;
  properties.append(value) += kPropertySeparator;
}

class SendMessage {
 public:
  SendMessage(BrokerController& broker, const Request& request, const SendHeader& header)
      : broker_(broker), request_(request), header_(header) {}

  std::optional<Response> run(TopicPtr topic) {
    if (std::optional<Response> fault = check_send(broker_, request_, header_, std::move(topic), queue_)) return fault;
    if (broker_.retention().disk_full())
      return Response::of(rc::kServiceNotAvailable, "service not available now: the disk is full");
    return header_.batch ? put_batch() : put_single();
  }

 private:
  BrokerMessage base() const {
    BrokerMessage message;
    message.topic = header_.topic;
    message.queue = queue_;
    message.flag = header_.flag;
    message.sys_flag = header_.sys_flag & ~(sys_flag::kBornHostV6 | sys_flag::kStoreHostV6);
    message.born = EpochMs(header_.born);
    message.born_host = request_.channel->remote();
    message.store_host = broker_.address_for(*request_.channel);
    message.reconsume_times = header_.reconsume_times;
    return message;
  }

  // What a broker adds to every message; CLUSTER is what request-reply finds its way back by.
  std::string with_broker_properties(const SendProperties& known, std::string& unique_key) const {
    constexpr size_t kRoom = 128;
    std::string properties;
    properties.reserve(header_.properties.size() + kRoom);
    properties = header_.properties;
    close_properties(properties);
    if (known.pop_receipt) remove_pop_receipt(properties);
    unique_key = known.unique_key;
    if (!known.has_unique_key) {
      unique_key = broker_.unique_keys().next(broker_.clock().now());
      add_property(properties, property::kUniqKey, unique_key);
    }
    const BrokerConfig& config = broker_.config();
    add_property(properties, "MSG_REGION", config.region_id);
    add_property(properties, "TRACE_ON", config.trace_on ? "true" : "false");
    add_property(properties, "CLUSTER", config.cluster_name);
    return properties;
  }

  std::optional<Response> put_single() {
    const Bytes body = request_.command.body;
    if (body.empty() || broker_.too_large(body) || header_.properties.size() > kMaxPropertiesBytes)
      return illegal_message();
    BrokerMessage message = base();
    message.body = body;
    const SendProperties known(header_.properties);
    std::string unique_key;
    message.properties = with_broker_properties(known, unique_key);
    if (std::optional<Response> fault = redirect(message, known)) return fault;
    const SentMessages sent = this->sent(unique_key, {});
    if (!broker_.answers_later()) return answer_send(broker_, sent, broker_.put(message));
    return later(sent, [&](PutDone done) { broker_.put(message, std::move(done)); });
  }

  // Half messages, messages past their last retry, timers.
  std::optional<Response> redirect(BrokerMessage& message, const SendProperties& known) {
    if (known.transaction == "true") {
      if (broker_.config().reject_transactions) {
        return Response::of(rc::kNoPermission, "the broker[" + to_string(message.store_host) +
                                                   "] sending transaction message is forbidden");
      }
      if (message.reconsume_times > 0 || !(message.sys_flag & sys_flag::kPrepared))
        message.sys_flag |= sys_flag::kPrepared;
      broker_.transactions().prepare(message);
      return std::nullopt;
    }
    if (known.timer && !known.delay)
      return Response::of(rc::kSystemError, "accurate timer message is not enabled, timerWheelEnable is false");
    return is_retry_topic(message.topic) ? to_dead_letters(message) : std::nullopt;
  }

  // A consumer that gave up sends to the retry topic by itself.
  std::optional<Response> to_dead_letters(BrokerMessage& message) {
    const std::string group = message.topic.substr(topic_name::kRetryPrefix.size());
    const std::optional<SubscriptionGroup> known = broker_.group(group);
    if (!known) {
      return Response::of(rc::kSubscriptionGroupNotExist,
                          "subscription group not exist, " + group + " " + std::string(kFaq));
    }
    const bool own_limit = request_.command.version >= kVersion349 && header_.max_reconsume_times >= 0;
    const int32_t most = own_limit ? header_.max_reconsume_times : known->retry_max_times();
    const bool over =
        message.reconsume_times > most ||
        (message.reconsume_times > 0 && message.reconsume_times >= most && broker_.locks().any_alive(group));
    if (!over) return std::nullopt;
    const Result<Topic> dead = broker_.topics().ensure(dlq_topic(group), 1, permission::kRead | permission::kWrite);
    if (!dead) return Response::of(rc::kSystemError, dead.error().to_string());
    message.topic = dlq_topic(group);
    message.queue = 0;
    PropertyList properties(message.properties);
    properties.set(property::kDelay, "-1");
    message.properties = properties.encoded();
    return std::nullopt;
  }

  std::optional<Response> put_batch() {
    if (header_.topic.size() > kMaxTopicBytesV1) {
      return Response::of(rc::kMessageIllegal, "message topic length too long " + std::to_string(header_.topic.size()));
    }
    if (is_retry_topic(header_.topic)) {
      return Response::of(rc::kMessageIllegal,
                          "batch request does not support retry group " + std::string(header_.topic));
    }
    if (broker_.too_large(request_.command.body)) return illegal_message();
    const Result<std::vector<BatchItem>> items = decode_client_batch(request_.command.body);
    if (!items || items->empty()) return illegal_message();
    const BrokerMessage common = base();
    std::vector<std::string> properties(items->size());
    std::vector<MessageDraft> drafts;
    drafts.reserve(items->size());
    for (size_t i = 0; i < items->size(); ++i) {
      const BatchItem& item = (*items)[i];
      // Nothing is added: neither those of the whole batch nor a broker's own.
      properties[i] = item.properties;
      MessageDraft draft = common.draft();
      draft.flag = item.flag;
      draft.body = item.body;
      draft.properties = properties[i];
      drafts.push_back(draft);
    }
    std::vector<size_t> bytes(drafts.size() - 1);
    std::transform(drafts.begin(), drafts.end() - 1, bytes.begin(),
                   [&limits = broker_.store().options().limits](const MessageDraft& draft) {
                     return EncodedMessage::size_of(draft, limits);
                   });
    const SentMessages sent = this->sent(dispatch_properties(header_.properties).uniq_key, bytes);
    if (!broker_.answers_later()) return answer_send(broker_, sent, broker_.put_batch(drafts));
    return later(sent, [&](PutDone done) { broker_.put_batch(drafts, std::move(done)); });
  }

  SentMessages sent(std::string_view unique_key, std::span<const size_t> record_bytes) const {
    return {.topic = header_.topic,
            .queue = queue_,
            .store_host = broker_.address_for(*request_.channel),
            .unique_key = unique_key,
            .record_bytes = record_bytes,
            .oneway = request_.command.is_oneway()};
  }

  using PutDone = DefaultMessageStore::PutDone;
  // No thread waits for the disk: the answer goes when the group's flush is done.
  template <class Put>
  std::optional<Response> later(const SentMessages& sent, const Put& put) {
    if (!broker_.pending_sends().enter()) {
      return Response::busy();
    }
    put(DeferredAnswer(broker_, request_, sent));
    return std::nullopt;
  }

  BrokerController& broker_;
  const Request& request_;
  const SendHeader& header_;
  int32_t queue_ = 0;
};

std::optional<Response> send(BrokerController& broker, const RequestPtr& request, bool letters, bool may_wait) {
  const SendHeader header = SendHeader::of(request->command, letters);
  TopicPtr topic = broker.topics().find(header.topic);
  if (may_wait && broker.new_topics().takes(header, topic)) {
    return broker.new_topics().take(
        request, header, [&broker, letters](const RequestPtr& waited) { return send(broker, waited, letters, false); });
  }
  std::optional<Response> response = SendMessage(broker, *request, header).run(std::move(topic));
  if (response) add_broker_fields(*response, broker.config());
  return response;
}

}  // namespace

void register_send_processors(ProcessorTable& table, BrokerExecutors& executors, BrokerController& broker) {
  for (const int32_t code :
       {request_code::kSendMessage, request_code::kSendMessageV2, request_code::kSendBatchMessage}) {
    const bool letters = code != request_code::kSendMessage;
    table.add(code, executors.send, [&broker, letters](const RequestPtr& request) {
      return send(broker, request, letters, /*may_wait=*/true);
    });
  }
}

}  // namespace mqctl
