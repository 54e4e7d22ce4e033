#include "libstore/message/message_encoder.h"

#include <cstring>
#include <string>
#include <utility>

#include "libstore/base/crc32.h"
#include "libstore/message/properties.h"
#include "libstore/message/property_crc.h"
#include "libstore/message/system_flag.h"
#include "libstore/os/file_system.h"

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
  if (!is_entry_name(draft.topic)) return refuse("the topic cannot be the name of a directory");
  if (draft.queue_id.value() < 0) return refuse("the queue id is negative");
  if (draft.body.size() > limits.max_body_bytes) {
    return refuse("the body has " + std::to_string(draft.body.size()) + " bytes, more than " +
                  std::to_string(limits.max_body_bytes));
  }
  return {};
}

bool needs_separator(const MessageDraft& draft, const EncoderLimits& limits) {
  return limits.append_property_crc && !draft.properties.empty() && draft.properties.back() != kPropertySeparator;
}

int32_t with_host_bits(const MessageDraft& draft) {
  int32_t flags = draft.sys_flag & ~(sys_flag::kBornHostV6 | sys_flag::kStoreHostV6);
  if (draft.born_host.v6) flags |= sys_flag::kBornHostV6;
  if (draft.store_host.v6) flags |= sys_flag::kStoreHostV6;
  return flags;
}

}  // namespace

EncodedMessage::EncodedMessage(const MessageDraft& draft, const EncoderLimits& limits)
    : draft_(draft),
      version2_(draft.topic.size() > kMaxTopicBytesV1),
      property_crc_(limits.append_property_crc),
      separator_before_crc_(needs_separator(draft, limits)) {
  const size_t hosts = draft.born_host.encoded_bytes() + draft.store_host.encoded_bytes();
  head_size_ = static_cast<uint8_t>(L::kMaxHeadBytes - 2 * L::kHostV6Bytes + hosts);
  total_size_ =
      L::kFixedBytes + hosts + draft.body.size() + (version2_ ? 2 : 1) + draft.topic.size() + properties_size();
}

Result<EncodedMessage> EncodedMessage::encode(const MessageDraft& draft, const EncoderLimits& limits) {
  if (Status status = check_draft(draft, limits); !status.ok()) return status;
  EncodedMessage message(draft, limits);
  if (message.properties_size() > kMaxPropertiesBytes) return refuse("the properties have more than 32767 bytes");
  if (message.total_size_ > INT32_MAX) return refuse("the record has more than 2147483647 bytes");
  message.fill_head();
  return message;
}

size_t EncodedMessage::properties_size() const {
  return draft_.properties.size() + (separator_before_crc_ ? 1 : 0) + (property_crc_ ? kPropertyCrcBytes : 0);
}

void EncodedMessage::fill_head() {
  std::byte* head = head_.data();
  std::byte* store_host = head + L::store_timestamp_at(draft_.born_host.encoded_bytes()) + 8;
  std::byte* after_hosts = store_host + draft_.store_host.encoded_bytes();
  store_be(head + L::kTotalSizeAt, static_cast<int32_t>(total_size_));
  store_be(head + L::kMagicAt, version2_ ? kMagicV2 : kMagicV1);
  store_be(head + L::kBodyCrcAt, masked_crc32(draft_.body));
  store_be(head + L::kQueueIdAt, draft_.queue_id.value());
  store_be(head + L::kFlagAt, draft_.flag);
  store_be(head + L::kSysFlagAt, with_host_bits(draft_));
  store_be(head + L::kBornTimestampAt, draft_.born.value());
  draft_.born_host.store(head + L::kBornHostAt);
  draft_.store_host.store(store_host);
  store_be(after_hosts, draft_.reconsume_times);
  store_be(after_hosts + 4, draft_.prepared_transaction_offset.value());
  store_be(after_hosts + 12, static_cast<int32_t>(draft_.body.size()));
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

void EncodedMessage::write_tail(std::byte* to) const {
  const auto topic_bytes = draft_.topic.size();
  if (version2_) {
    store_be(to, static_cast<int16_t>(topic_bytes));
    to += 2;
  } else {
    *to++ = static_cast<std::byte>(topic_bytes);
  }
  std::memcpy(to, draft_.topic.data(), topic_bytes);
  to += topic_bytes;
  store_be(to, static_cast<int16_t>(properties_size()));
  to += 2;
  if (!draft_.properties.empty()) std::memcpy(to, draft_.properties.data(), draft_.properties.size());
  if (separator_before_crc_) to[draft_.properties.size()] = static_cast<std::byte>(kPropertySeparator);
}

size_t stored_properties_bytes(const MessageDraft& draft, const EncoderLimits& limits) {
  return draft.properties.size() + (needs_separator(draft, limits) ? 1 : 0) +
         (limits.append_property_crc ? kPropertyCrcBytes : 0);
}

void write_blank(std::byte* to, uint32_t left_in_segment) {
  store_be(to, left_in_segment);
  store_be(to + 4, kMagicBlank);
}

}  // namespace mqctl
