#include "cli/broker/send_answer.h"

#include "cli/broker/broker_controller.h"
#include "cli/broker/processors.h"

namespace mqctl {
namespace {

namespace rc = response_code;

int32_t code_of(PutMessageStatus status) {
  switch (status) {
    case PutMessageStatus::kPutOk:
      return rc::kSuccess;
    case PutMessageStatus::kFlushDiskTimeout:
      return rc::kFlushDiskTimeout;
    case PutMessageStatus::kServiceNotAvailable:
      return rc::kServiceNotAvailable;
    case PutMessageStatus::kMessageIllegal:
    case PutMessageStatus::kPropertiesSizeExceeded:
      return rc::kMessageIllegal;
    case PutMessageStatus::kCreateMappedFileFailed:
    case PutMessageStatus::kUnknownError:
      break;
  }
  return rc::kSystemError;
}

// Records of a batch lie one behind the other.
std::string message_ids(const SentMessages& sent, PhysicalOffset at) {
  std::string ids = offset_message_id(sent.store_host, at);
  for (const size_t bytes : sent.record_bytes) {
    at += static_cast<int64_t>(bytes);
    ids += ',' + offset_message_id(sent.store_host, at);
  }
  return ids;
}

}  // namespace

Response illegal_message() {
  return Response::of(
      rc::kMessageIllegal,
      "the message is illegal, maybe msg body or properties length not matched. msg body length limit 4194304B, "
      "msg properties length limit 32KB.");
}

std::optional<Response> answer_send(BrokerController& broker, const SentMessages& sent,
                                    const PutMessageResult& result) {
  const int32_t code = code_of(result.status);
  if (code == rc::kMessageIllegal) return illegal_message();
  if (!stored(result.status))
    return Response::of(code, std::string(put_status_name(result.status)) + ": " + result.reason);
  broker.stats().count_put(sent.topic, sent.record_bytes.size() + 1, static_cast<uint64_t>(result.end - result.offset));
  if (sent.oneway) return std::nullopt;
  Response response = Response::of(code);
  constexpr size_t kFields = 8;
  response.command.ext.reserve(kFields);
  response.command.set("msgId", message_ids(sent, result.offset))
      .set("queueId", sent.queue)
      .set("queueOffset", result.queue_offset.value());
  if (!sent.unique_key.empty()) response.command.set("transactionId", std::string(sent.unique_key));
  return response;
}

DeferredAnswer::DeferredAnswer(BrokerController& broker, const Request& request, const SentMessages& sent)
    : broker_(&broker),
      channel_(request.channel),
      opaque_(request.command.opaque),
      type_(request.command.type),
      sent_(sent),
      topic_(sent.topic),
      unique_key_(sent.unique_key),
      record_bytes_(sent.record_bytes.begin(), sent.record_bytes.end()) {}

void DeferredAnswer::operator()(const PutMessageResult& result) const {
  try {
    answer(result);
  } catch (const std::exception& error) {
    broker_->log().error("the answer to a send: " + std::string(error.what()));
  }
  broker_->pending_sends().leave();
}

void DeferredAnswer::answer(const PutMessageResult& result) const {
  SentMessages sent = sent_;
  sent.topic = topic_;
  sent.unique_key = unique_key_;
  sent.record_bytes = record_bytes_;
  std::optional<Response> response = answer_send(*broker_, sent, result);
  if (!response || sent.oneway) return;
  add_broker_fields(*response, broker_->config());
  channel_->respond(opaque_, type_, std::move(*response));
}

}  // namespace mqctl
