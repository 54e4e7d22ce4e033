// From a draft to the bytes of a record. Everything but queue offset, physical offset and store time is ready, CRC
// included, before any lock is taken; under the lock write_to copies head, body and tail into place once.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "libstore/base/bytes.h"
#include "libstore/base/result.h"
#include "libstore/base/types.h"
#include "libstore/message/host_address.h"
#include "libstore/message/record_layout.h"

namespace mqctl {

// What somebody wants stored. Views: the owner of the bytes keeps them until the put returns.
struct MessageDraft {
  std::string_view topic;
  QueueId queue_id;
  int32_t flag = 0;
  int32_t sys_flag = 0;  // host bits are set by the encoder
  EpochMs born;
  HostAddress born_host;
  HostAddress store_host;
  int32_t reconsume_times = 0;
  PhysicalOffset prepared_transaction_offset;
  Bytes body;                   // as to be stored: compressed already where sys_flag says so
  std::string_view properties;  // encoded, without a __CRC32# item
};

struct EncoderLimits {
  size_t max_body_bytes = kDefaultMaxBodyBytes;
  bool append_property_crc = false;  // Apache: enabledAppendPropCRC
};

class EncodedMessage {
 public:
  // kInvalidArgument: topic empty, too long (127 bytes; %RETRY% topics 255) or no name for a directory, body over the
  // limit, negative queue id, properties over 32767 bytes with the CRC appendix, a record over 2^31-1 bytes. A topic of
  // more than 127 bytes makes a version 2 record.
  static Result<EncodedMessage> encode(const MessageDraft& draft, const EncoderLimits& limits);

  // Of the record that encode() would make.
  static size_t size_of(const MessageDraft& draft, const EncoderLimits& limits) {
    return EncodedMessage(draft, limits).total_size_;
  }

  size_t size() const { return total_size_; }
  const MessageDraft& draft() const { return draft_; }
  // REQUIRES: room for size() bytes. Touches nothing behind them.
  void write_to(std::byte* to, QueueOffset queue_offset, PhysicalOffset physical_offset, EpochMs stored) const;

 private:
  explicit EncodedMessage(const MessageDraft& draft, const EncoderLimits& limits);
  size_t properties_size() const;  // with separator and appendix
  void fill_head();
  void write_tail(std::byte* to) const;
  MessageDraft draft_;
  std::array<std::byte, RecordLayout::kMaxHeadBytes> head_{};
  uint8_t head_size_ = 0;
  bool version2_ = false;
  bool property_crc_ = false;
  bool separator_before_crc_ = false;
  size_t total_size_ = 0;
};

// What the draft's properties take in the record: with separator and CRC item where there is to be one.
size_t stored_properties_bytes(const MessageDraft& draft, const EncoderLimits& limits);

// The end-of-segment record. REQUIRES: room for kBlankBytes.
void write_blank(std::byte* to, uint32_t left_in_segment);

}  // namespace mqctl
