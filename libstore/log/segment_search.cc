#include "libstore/log/segment_search.h"

#include <algorithm>
#include <cstring>

#include "libstore/message/record_layout.h"
#include "libstore/message/system_flag.h"

namespace mqctl {
namespace {

using L = RecordLayout;

constexpr size_t kChunkBytes = 256u << 10;
// A record beyond this is believed only after a look at its far end.
constexpr size_t kTrustedRecordBytes = 512u << 10;
constexpr uint8_t kRecordMagicByte = kMagicV1 >> 24;
constexpr uint8_t kBlankMagicByte = kMagicBlank >> 24;
static_assert(kMagicV1 >> 24 == kMagicV2 >> 24);

bool is_record_magic(uint32_t magic) { return magic == kMagicV1 || magic == kMagicV2; }

// Whether topic and properties lengths, read from behind the claimed body, add up to the claimed size.
Result<bool> far_end_agrees(SegmentReader& reader, uint64_t position, Bytes head) {
  const RecordClaim claim = read_claim(head);
  const auto flags = load_be<int32_t>(head, L::kSysFlagAt);
  const size_t born = (flags & sys_flag::kBornHostV6) != 0 ? L::kHostV6Bytes : L::kHostV4Bytes;
  const size_t store = (flags & sys_flag::kStoreHostV6) != 0 ? L::kHostV6Bytes : L::kHostV4Bytes;
  const size_t length_at = L::body_length_at(born, store);
  const size_t body_end = length_at + 4 + static_cast<size_t>(load_be<int32_t>(head, length_at));
  const auto total = static_cast<size_t>(claim.total_size);
  const size_t rest = total - body_end;
  Result<Bytes> tail = reader.view(position + body_end, rest);
  if (!tail) return std::move(tail).error();
  if (tail->size() < rest) return false;
  const size_t field = claim.magic == kMagicV1 ? 1 : 2;
  const int topic = field == 1 ? static_cast<int8_t>((*tail)[0]) : load_be<int16_t>(*tail, 0);
  if (topic < 0 || field + static_cast<size_t>(topic) + 2 > rest) return false;
  const auto properties = load_be<int16_t>(*tail, field + static_cast<size_t>(topic));
  return properties >= 0 && field + static_cast<size_t>(topic) + 2 + static_cast<size_t>(properties) == rest;
}

size_t find_byte(Bytes bytes, size_t from, uint8_t byte) {
  if (from >= bytes.size()) return bytes.size();
  const void* found = std::memchr(bytes.data() + from, byte, bytes.size() - from);
  return found == nullptr ? bytes.size() : static_cast<size_t>(static_cast<const std::byte*>(found) - bytes.data());
}

// Walks, in order, the places of a chunk whose magic code is a record's or a blank's.
class CandidateCursor {
 public:
  explicit CandidateCursor(Bytes chunk)
      : chunk_(chunk),
        record_(find_byte(chunk, L::kMagicAt, kRecordMagicByte)),
        blank_(find_byte(chunk, L::kMagicAt, kBlankMagicByte)) {}

  // False at the end of the chunk; `at` is the place of the size field.
  bool next(size_t& at) {
    while (true) {
      const size_t magic_at = std::min(record_, blank_);
      if (chunk_.size() < 4 || magic_at > chunk_.size() - 4) return false;
      const auto magic = load_be<uint32_t>(chunk_, magic_at);
      if (record_ == magic_at) record_ = find_byte(chunk_, magic_at + 1, kRecordMagicByte);
      if (blank_ == magic_at) blank_ = find_byte(chunk_, magic_at + 1, kBlankMagicByte);
      at = magic_at - L::kMagicAt;
      if (is_record_magic(magic) || magic == kMagicBlank) return true;
    }
  }

 private:
  Bytes chunk_;
  size_t record_, blank_;  // the next such byte
};

Result<bool> sound_at(SegmentReader& reader, uint64_t position) {
  const PhysicalOffset here = reader.segment().base + static_cast<int64_t>(position);
  Result<Bytes> head = reader.view(position, L::kMaxHeadBytes);
  if (!head) return std::move(head).error();
  if (head->size() < kBlankBytes) return false;
  const RecordClaim claim = read_claim(*head);
  if (claim.magic == kMagicBlank) return static_cast<uint64_t>(claim.total_size) == reader.end() - position;
  if (head->size() < L::kMinBytes || load_be<int64_t>(*head, L::kPhysicalOffsetAt) != here.value()) return false;
  MessageView view;
  Result<RecordStatus> status = parse_record_at(reader, position, CrcCheck::kBody, view);
  if (!status) return std::move(status).error();
  return *status == RecordStatus::kRecord;
}

// The first sound candidate that begins in [from, from + length), or `from + length`.
Result<uint64_t> find_in_chunk(SegmentReader& reader, uint64_t from, size_t length) {
  uint64_t next = from;
  while (true) {
    Result<Bytes> seen = reader.view(next, static_cast<size_t>(from + length - next) + kBlankBytes - 1);
    if (!seen) return std::move(seen).error();
    const size_t size = std::min(seen->size(), static_cast<size_t>(from + length - next) + kBlankBytes - 1);
    size_t at = 0;
    CandidateCursor cursor(seen->first(size));
    if (!cursor.next(at)) return from + length;
    Result<bool> sound = sound_at(reader, next + at);
    if (!sound) return std::move(sound).error();
    if (*sound) return next + at;
    next += at + 1;
    if (next >= from + length) return from + length;
  }
}

bool all_zero(Bytes bytes) {
  if (bytes.empty()) return true;
  return bytes.front() == std::byte{0} && std::memcmp(bytes.data(), bytes.data() + 1, bytes.size() - 1) == 0;
}

}  // namespace

Result<RecordStatus> parse_record_at(SegmentReader& reader, uint64_t position, CrcCheck check, MessageView& view) {
  Result<Bytes> bytes = reader.view(position, L::kMaxHeadBytes);
  if (!bytes) return std::move(bytes).error();
  if (bytes->size() < L::kMinBytes) return parse_record(*bytes, check, view);
  const RecordClaim claim = read_claim(*bytes);
  const uint64_t left = reader.end() - position;
  const auto total = static_cast<uint64_t>(std::max(claim.total_size, 0));
  if (is_record_magic(claim.magic) && total > bytes->size() && total <= left) {
    if (!plausible_head(*bytes, left)) return RecordStatus::kBadSize;
    if (total > kTrustedRecordBytes) {
      Result<bool> agrees = far_end_agrees(reader, position, *bytes);
      if (!agrees) return std::move(agrees).error();
      if (!*agrees) return RecordStatus::kBadSize;
    }
    bytes = reader.view(position, static_cast<size_t>(total));
    if (!bytes) return std::move(bytes).error();
  }
  return parse_record(*bytes, check, view);
}

Result<uint64_t> find_sound_position(SegmentReader& reader, uint64_t from) {
  // A size field may begin with zero bytes that lie in a hole.
  const auto skip_hole = [&](uint64_t at) {
    const uint64_t data = reader.next_data(at);
    return std::max(at, data - std::min<uint64_t>(data, kBlankBytes));
  };
  from = skip_hole(from);
  while (from < reader.end()) {
    const auto length = static_cast<size_t>(std::min<uint64_t>(kChunkBytes, reader.end() - from));
    Result<uint64_t> found = find_in_chunk(reader, from, length);
    if (!found) return std::move(found).error();
    if (*found < from + length) return *found;
    from = skip_hole(from + length);
  }
  return reader.end();
}

Result<uint64_t> first_nonzero(SegmentReader& reader, uint64_t from) {
  uint64_t at = reader.next_data(from);
  while (at < reader.end()) {
    Result<Bytes> seen = reader.view(at, kChunkBytes);
    if (!seen) return std::move(seen).error();
    if (!all_zero(*seen)) {
      const auto hit = std::find_if(seen->begin(), seen->end(), [](std::byte b) { return b != std::byte{0}; });
      return at + static_cast<uint64_t>(hit - seen->begin());
    }
    at = reader.next_data(at + seen->size());
  }
  return reader.end();
}

Result<uint64_t> behind_last_nonzero(SegmentReader& reader, uint64_t from) {
  uint64_t behind = from;
  for (uint64_t at = reader.next_data(from); at < reader.end();) {
    Result<Bytes> seen = reader.view(at, kChunkBytes);
    if (!seen) return std::move(seen).error();
    if (!all_zero(*seen)) {
      const auto hit = std::find_if(seen->rbegin(), seen->rend(), [](std::byte b) { return b != std::byte{0}; });
      behind = at + static_cast<uint64_t>(seen->rend() - hit);
    }
    at = reader.next_data(at + seen->size());
  }
  return behind;
}

}  // namespace mqctl
