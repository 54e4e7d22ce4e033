#include "libstore/message/message_encoder.h"

#include <cstring>
#include <string>

#include "libstore/base/crc32.h"
#include "libstore/message/properties.h"
#include "libstore/message/property_crc.h"
#include "libstore/message/system_flag.h"

namespace mqctl {
namespace {

using L = RecordLayout;
constexpr std::string_view kRetryPrefix = "%RETRY%";

Status refuse(std::string text) { return Status::error(Errc::kInvalidArgument, std::move(text)); }

Status check_draft(const MessageDraft& draft, const EncoderLimits& limits) {
  const size_t topic_limit = draft.topic.starts_with(kRetryPrefix) ? kMaxRetryTopicBytes : kMaxTopicBytesV1;
  if (draft.topic.empty()) return refuse("the topic is empty");
  if (draft.topic.size() > topic_limit) {
    return refuse("the topic has " + std::to_string(draft.topic.size()) + " bytes, more than " +
                  std::to_string(topic_limit));
  }
  if (draft.queue_id.value() < 0) return refuse("the queue id is negative");
  if (draft.body.size() > limits.max_body_bytes) {
    return refuse("the body has " + std::to_string(draft.body.size()) + " bytes, more than " +
                  std::to_string(limits.max_body_bytes));
  }
  return {};
}

int32_t with_host_bits(const MessageDraft& draft) {
  int32_t flags = draft.sys_flag & ~(sys_flag::kBornHostV6 | sys_flag::kStoreHostV6);
  if (draft.born_host.v6) flags |= sys_flag::kBornHostV6;
  if (draft.store_host.v6) flags |= sys_flag::kStoreHostV6;
  return flags;
}

}  // namespace

Result<EncodedMessage> EncodedMessage::encode(const MessageDraft& draft, const EncoderLimits& limits) {
  if (Status status = check_draft(draft, limits); !status.ok()) return status;
  EncodedMessage message;
  message.draft_ = draft;
  message.version2_ = draft.topic.size() > kMaxTopicBytesV1;
  message.property_crc_ = limits.append_property_crc;
  message.separator_before_crc_ =
      message.property_crc_ && !draft.properties.empty() && draft.properties.back() != kPropertySeparator;
  const size_t properties = draft.properties.size() + (message.separator_before_crc_ ? 1 : 0) +
                            (message.property_crc_ ? kPropertyCrcBytes : 0);
  if (properties > kMaxPropertiesBytes) return refuse("the properties have more than 32767 bytes");

  const size_t born_bytes = draft.born_host.encoded_bytes();
  const size_t store_bytes = draft.store_host.encoded_bytes();
  const size_t body_length_at = L::body_length_at(born_bytes, store_bytes);
  message.head_size_ = static_cast<uint8_t>(body_length_at + 4);
  message.total_size_ = L::kFixedBytes + born_bytes + store_bytes + draft.body.size() + (message.version2_ ? 2 : 1) +
                        draft.topic.size() + properties;

  std::byte* head = message.head_.data();
  const size_t store_at = L::store_timestamp_at(born_bytes);
  store_be(head + L::kTotalSizeAt, static_cast<int32_t>(message.total_size_));
  store_be(head + L::kMagicAt, message.version2_ ? kMagicV2 : kMagicV1);
  store_be(head + L::kBodyCrcAt, masked_crc32(draft.body));
  store_be(head + L::kQueueIdAt, draft.queue_id.value());
  store_be(head + L::kFlagAt, draft.flag);
  store_be(head + L::kSysFlagAt, with_host_bits(draft));
  store_be(head + L::kBornTimestampAt, draft.born.value());
  draft.born_host.store(head + L::kBornHostAt);
  draft.store_host.store(head + store_at + 8);
  store_be(head + store_at + 8 + store_bytes, draft.reconsume_times);
  store_be(head + store_at + 12 + store_bytes, draft.prepared_transaction_offset.value());
  store_be(head + body_length_at, static_cast<int32_t>(draft.body.size()));
  return message;
}

void EncodedMessage::write_to(std::byte* to, QueueOffset queue_offset, PhysicalOffset physical_offset,
                              EpochMs stored) const {
  std::memcpy(to, head_.data(), head_size_);
  store_be(to + L::kQueueOffsetAt, queue_offset.value());
  store_be(to + L::kPhysicalOffsetAt, physical_offset.value());
  store_be(to + L::store_timestamp_at(draft_.born_host.encoded_bytes()), stored.value());
  std::byte* tail = to + head_size_;
  if (!draft_.body.empty()) std::memcpy(tail, draft_.body.data(), draft_.body.size());
  write_tail(tail + draft_.body.size());
  if (property_crc_) write_property_crc({to, total_size_});
}

std::byte* EncodedMessage::write_tail(std::byte* to) const {
  const auto topic_bytes = draft_.topic.size();
  if (version2_) {
    store_be(to, static_cast<int16_t>(topic_bytes));
    to += 2;
  } else {
    *to++ = static_cast<std::byte>(topic_bytes);
  }
  std::memcpy(to, draft_.topic.data(), topic_bytes);
  to += topic_bytes;
  const size_t appended = (separator_before_crc_ ? 1 : 0) + (property_crc_ ? kPropertyCrcBytes : 0);
  store_be(to, static_cast<int16_t>(draft_.properties.size() + appended));
  to += 2;
  if (!draft_.properties.empty()) std::memcpy(to, draft_.properties.data(), draft_.properties.size());
  to += draft_.properties.size();
  if (separator_before_crc_) *to++ = static_cast<std::byte>(kPropertySeparator);
  return to;
}

void write_blank(std::byte* to, uint32_t left_in_segment) {
  store_be(to, left_in_segment);
  store_be(to + 4, kMagicBlank);
}

}  // namespace mqctl
