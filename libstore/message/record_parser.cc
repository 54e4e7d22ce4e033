#include "libstore/message/record_parser.h"

#include <algorithm>

#include "libstore/base/crc32.h"
#include "libstore/message/property_crc.h"
#include "libstore/message/record_layout.h"
#include "libstore/message/system_flag.h"

namespace mqctl {
namespace {

using L = RecordLayout;

struct Hosts {
  size_t born_bytes, store_bytes;
};

Hosts hosts_of(int32_t sys_flag) {
  return {(sys_flag & sys_flag::kBornHostV6) != 0 ? L::kHostV6Bytes : L::kHostV4Bytes,
          (sys_flag & sys_flag::kStoreHostV6) != 0 ? L::kHostV6Bytes : L::kHostV4Bytes};
}

bool all_zero(Bytes bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](std::byte b) { return b == std::byte{0}; });
}

struct Lengths {
  size_t body_at, body, topic_at, topic, properties_at, properties;
};

// False where the lengths contradict each other or the total.
bool read_lengths(const std::byte* record, size_t total, int version, Hosts hosts, Lengths& out) {
  const size_t body_length_at = L::body_length_at(hosts.born_bytes, hosts.store_bytes);
  out.body_at = body_length_at + 4;
  const size_t topic_field = version == 1 ? 1 : 2;
  if (total < out.body_at + topic_field + 2) return false;
  const auto body = load_be<int32_t>(record + body_length_at);
  if (body < 0 || static_cast<size_t>(body) > total - out.body_at - topic_field - 2) return false;
  out.body = static_cast<size_t>(body);
  out.topic_at = out.body_at + out.body + topic_field;
  const std::byte* topic_length = record + out.topic_at - topic_field;
  const int topic = version == 1 ? static_cast<int8_t>(*topic_length) : load_be<int16_t>(topic_length);
  if (topic < 0 || static_cast<size_t>(topic) > total - out.topic_at - 2) return false;
  out.topic = static_cast<size_t>(topic);
  out.properties_at = out.topic_at + out.topic + 2;
  const auto properties = load_be<int16_t>(record + out.properties_at - 2);
  if (properties < 0) return false;
  out.properties = static_cast<size_t>(properties);
  return out.properties == total - out.properties_at;
}

void fill(const std::byte* record, size_t total, int version, Hosts hosts, const Lengths& lengths, MessageView& view) {
  const size_t store_at = L::store_timestamp_at(hosts.born_bytes);
  const std::byte* after_hosts = record + store_at + 8 + hosts.store_bytes;
  view.record = {record, total};
  view.version = version;
  view.body_crc = load_be<uint32_t>(record + L::kBodyCrcAt);
  view.queue_id = QueueId(load_be<int32_t>(record + L::kQueueIdAt));
  view.flag = load_be<int32_t>(record + L::kFlagAt);
  view.queue_offset = QueueOffset(load_be<int64_t>(record + L::kQueueOffsetAt));
  view.physical_offset = PhysicalOffset(load_be<int64_t>(record + L::kPhysicalOffsetAt));
  view.sys_flag = load_be<int32_t>(record + L::kSysFlagAt);
  view.born = EpochMs(load_be<int64_t>(record + L::kBornTimestampAt));
  view.born_host = HostAddress::load(record + L::kBornHostAt, hosts.born_bytes == L::kHostV6Bytes);
  view.stored = EpochMs(load_be<int64_t>(record + store_at));
  view.store_host = HostAddress::load(record + store_at + 8, hosts.store_bytes == L::kHostV6Bytes);
  view.reconsume_times = load_be<int32_t>(after_hosts);
  view.prepared_transaction_offset = PhysicalOffset(load_be<int64_t>(after_hosts + 4));
  view.body = {record + lengths.body_at, lengths.body};
  view.topic = as_text({record + lengths.topic_at, lengths.topic});
  view.properties = as_text({record + lengths.properties_at, lengths.properties});
}

RecordStatus check_crcs(const MessageView& view, CrcCheck check) {
  if (check == CrcCheck::kNone) return RecordStatus::kRecord;
  if (!view.body.empty() && masked_crc32(view.body) != view.body_crc) return RecordStatus::kBadBodyCrc;
  if (check == CrcCheck::kBody) return RecordStatus::kRecord;
  const bool matches = check_property_crc(view.record, view.properties) != PropertyCrcState::kMismatch;
  return matches ? RecordStatus::kRecord : RecordStatus::kBadPropertyCrc;
}

}  // namespace

RecordClaim read_claim(Bytes bytes) {
  return {load_be<int32_t>(bytes.data() + L::kTotalSizeAt), load_be<uint32_t>(bytes.data() + L::kMagicAt)};
}

RecordStatus parse_record(Bytes bytes, CrcCheck check, MessageView& view) {
  if (bytes.size() < kBlankBytes) return all_zero(bytes) ? RecordStatus::kEmpty : RecordStatus::kTruncated;
  const RecordClaim claim = read_claim(bytes);
  if (claim.magic == kMagicBlank) return RecordStatus::kBlank;
  if (claim.magic != kMagicV1 && claim.magic != kMagicV2) {
    return claim.magic == 0 && claim.total_size == 0 ? RecordStatus::kEmpty : RecordStatus::kBadMagic;
  }
  if (claim.total_size < static_cast<int32_t>(L::kMinBytes)) return RecordStatus::kBadSize;
  const auto total = static_cast<size_t>(claim.total_size);
  if (total > bytes.size()) {
    return plausible_head(bytes, UINT64_MAX) ? RecordStatus::kTruncated : RecordStatus::kBadSize;
  }
  const int version = claim.magic == kMagicV1 ? 1 : 2;
  const Hosts hosts = hosts_of(load_be<int32_t>(bytes.data() + L::kSysFlagAt));
  Lengths lengths;
  if (!read_lengths(bytes.data(), total, version, hosts, lengths)) return RecordStatus::kBadSize;
  fill(bytes.data(), total, version, hosts, lengths, view);
  return check_crcs(view, check);
}

bool plausible_head(Bytes head, uint64_t record_limit) {
  if (head.size() < kBlankBytes) return true;
  const RecordClaim claim = read_claim(head);
  if (claim.magic != kMagicV1 && claim.magic != kMagicV2) return false;
  if (claim.total_size < static_cast<int32_t>(L::kMinBytes)) return false;
  const auto total = static_cast<size_t>(claim.total_size);
  if (total > record_limit) return false;
  if (head.size() < L::kSysFlagAt + 4) return true;
  const Hosts hosts = hosts_of(load_be<int32_t>(head.data() + L::kSysFlagAt));
  const size_t body_length_at = L::body_length_at(hosts.born_bytes, hosts.store_bytes);
  const size_t topic_field = claim.magic == kMagicV1 ? 1 : 2;
  if (total < body_length_at + 4 + topic_field + 2) return false;
  if (head.size() < body_length_at + 4) return true;
  const auto body = load_be<int32_t>(head.data() + body_length_at);
  if (body < 0) return false;
  // What is left must hold a topic and properties of lengths that their fields can say.
  const size_t room = total - body_length_at - 4 - topic_field - 2;
  const size_t longest_tail = (topic_field == 1 ? kMaxTopicBytesV1 : size_t{INT16_MAX}) + kMaxPropertiesBytes;
  return static_cast<size_t>(body) <= room && room - static_cast<size_t>(body) <= longest_tail;
}

std::string_view describe(RecordStatus status) {
  switch (status) {
    case RecordStatus::kRecord:
      return "sound record";
    case RecordStatus::kBlank:
      return "end of segment";
    case RecordStatus::kEmpty:
      return "never written";
    case RecordStatus::kTruncated:
      return "record longer than what is left of the file";
    case RecordStatus::kBadMagic:
      return "bad magic code";
    case RecordStatus::kBadSize:
      return "lengths that contradict each other";
    case RecordStatus::kBadBodyCrc:
      return "body CRC mismatch";
    case RecordStatus::kBadPropertyCrc:
      return "property CRC mismatch";
  }
  return "unknown";
}

}  // namespace mqctl
