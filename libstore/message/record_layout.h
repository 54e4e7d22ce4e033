// The commit-log record: field positions and magic codes. The format is described once, in docs/store-format.md; the
// names are those of Apache's MessageDecoder and CommitLog.
#pragma once

#include <cstddef>
#include <cstdint>

namespace mqctl {

inline constexpr uint32_t kMagicV1 = 0xDAA320A7;     // topic length is a signed byte
inline constexpr uint32_t kMagicV2 = 0xDAA320AB;     // topic length is a signed 16-bit number
inline constexpr uint32_t kMagicBlank = 0xCBD43194;  // end of a segment

struct RecordLayout {
  static constexpr size_t kTotalSizeAt = 0;
  static constexpr size_t kMagicAt = kTotalSizeAt + 4;
  static constexpr size_t kBodyCrcAt = kMagicAt + 4;
  static constexpr size_t kQueueIdAt = kBodyCrcAt + 4;
  static constexpr size_t kFlagAt = kQueueIdAt + 4;
  static constexpr size_t kQueueOffsetAt = kFlagAt + 4;
  static constexpr size_t kPhysicalOffsetAt = kQueueOffsetAt + 8;
  static constexpr size_t kSysFlagAt = kPhysicalOffsetAt + 8;
  static constexpr size_t kBornTimestampAt = kSysFlagAt + 4;
  static constexpr size_t kBornHostAt = kBornTimestampAt + 8;
  // After the born host (B bytes) follow store time 8, store host (H bytes), reconsume times 4,
  // prepared transaction offset 8, body length 4, body, topic length, topic, properties length 2, properties.
  static constexpr size_t kHostV4Bytes = 8;
  static constexpr size_t kHostV6Bytes = 20;
  static constexpr size_t store_timestamp_at(size_t born_host_bytes) { return kBornHostAt + born_host_bytes; }
  static constexpr size_t body_length_at(size_t born_host_bytes, size_t store_host_bytes) {
    return kBornHostAt + born_host_bytes + 8 + store_host_bytes + 4 + 8;
  }
  // Everything but hosts, body, topic, its length field and the properties.
  static constexpr size_t kFixedBytes = 74;
  static constexpr size_t kMinBytes = kFixedBytes + 2 * kHostV4Bytes + 1;
  static constexpr size_t kMaxHeadBytes = 72 + 2 * kHostV6Bytes;  // up to and including the body length
};
static_assert(RecordLayout::kBornHostAt == 48);
static_assert(RecordLayout::store_timestamp_at(8) == 56);
static_assert(RecordLayout::body_length_at(8, 8) == 84, "all-IPv4 body starts at 88");
static_assert(RecordLayout::kMinBytes == 91);

// The 8 bytes that end a full segment: what is left of it including these, then kMagicBlank.
inline constexpr size_t kBlankBytes = 8;

inline constexpr size_t kMaxPropertiesBytes = 32767;
inline constexpr size_t kMaxTopicBytesV1 = 127;
inline constexpr size_t kMaxRetryTopicBytes = 255;
inline constexpr size_t kDefaultMaxBodyBytes = 4u << 20;
// A whole record may be this much longer than the longest body.
inline constexpr size_t kRecordOverheadLimit = 65536;

}  // namespace mqctl
