#include "libstore/log/segment_scanner.h"

#include <algorithm>
#include <cstdio>

#include "libstore/base/crc32.h"
#include "libstore/log/segment_search.h"
#include "libstore/message/record_layout.h"

namespace mqctl {
namespace {

std::string hex(uint32_t value) {
  char text[16];
  std::snprintf(text, sizeof text, "0x%08x", value);
  return text;
}

Damage damage_of(RecordStatus status, bool zeros_only) {
  switch (status) {
    case RecordStatus::kEmpty:
      return zeros_only ? Damage::kZeros : Damage::kBadMagic;
    case RecordStatus::kBadBodyCrc:
      return Damage::kBodyCrc;
    case RecordStatus::kBadPropertyCrc:
      return Damage::kPropertyCrc;
    case RecordStatus::kBadSize:
    case RecordStatus::kTruncated:
      return Damage::kBadSize;
    default:
      return Damage::kBadMagic;
  }
}

std::string explain_frame(const MessageView& view, Damage damage, PhysicalOffset here) {
  if (damage == Damage::kBodyCrc) {
    return "body CRC is " + hex(masked_crc32(view.body)) + ", stored is " + hex(view.body_crc);
  }
  if (damage == Damage::kPropertyCrc) return "the __CRC32# property does not match the record";
  return "a record that belongs to commit-log offset " + std::to_string(view.physical_offset.value()) + ", not " +
         std::to_string(here.value());
}

// A magic code, or a size whose magic was still to be written.
bool begins_like_record(Bytes head, bool nothing_behind_size) {
  if (head.size() < kBlankBytes) return true;
  const RecordClaim claim = read_claim(head);
  if (claim.magic == kMagicV1 || claim.magic == kMagicV2) return true;
  return claim.magic == 0 && claim.total_size >= static_cast<int32_t>(RecordLayout::kMinBytes) && nothing_behind_size;
}

}  // namespace

SegmentScanner::SegmentScanner(SegmentReader& reader, CrcCheck check, Resync resync)
    : reader_(reader), check_(check), resync_(resync) {}

Result<bool> SegmentScanner::next(ScanEvent& event) {
  if (done_) return false;
  event.position = position_;
  event.offset = reader_.segment().base + static_cast<int64_t>(position_);
  Result<RecordStatus> status = parse_record_at(reader_, position_, check_, event.message);
  if (!status) return std::move(status).error();
  if (*status != RecordStatus::kRecord || event.message.physical_offset != event.offset) return settle(*status, event);
  return accept(event);
}

bool SegmentScanner::accept(ScanEvent& event) {
  event.kind = ScanKind::kRecord;
  event.damage = Damage::kNone;
  event.length = event.message.record.size();
  position_ += event.length;
  return true;
}

// Records follow, so this one must be whole by now; what was read of it may be older.
Result<bool> SegmentScanner::written_meanwhile(ScanEvent& event) {
  if (Status status = reader_.refresh(); !status.ok()) return status;
  Result<RecordStatus> status = parse_record_at(reader_, position_, check_, event.message);
  if (!status) return std::move(status).error();
  return *status == RecordStatus::kRecord && event.message.physical_offset == event.offset;
}

Result<bool> SegmentScanner::settle(RecordStatus status, ScanEvent& event) {
  event.damage = Damage::kNone;
  event.detail.clear();
  if (status == RecordStatus::kBlank) {
    event.kind = ScanKind::kBlank;
    event.length = reader_.end() - position_;
    position_ = reader_.end();
    done_ = true;
    return true;
  }
  if (resync_ == Resync::kStopAtDamage) return end_with_tail(status, event);
  if (status == RecordStatus::kRecord) return framed_damage(Damage::kWrongOffset, event);
  const bool framed = status == RecordStatus::kBadBodyCrc || status == RecordStatus::kBadPropertyCrc;
  if (framed && event.message.physical_offset == event.offset) {
    Result<bool> sound = written_meanwhile(event);
    if (!sound || *sound) return sound ? accept(event) : sound;
    return framed_damage(damage_of(status, false), event);
  }
  return resync(status, event);
}

// The lengths agree with each other, so the next record is looked for where this one ends.
Result<bool> SegmentScanner::framed_damage(Damage damage, ScanEvent& event) {
  event.kind = ScanKind::kDamage;
  event.damage = damage;
  event.length = event.message.record.size();
  event.detail = explain_frame(event.message, damage, event.offset);
  position_ += event.length;
  return true;
}

Result<bool> SegmentScanner::resync(RecordStatus status, ScanEvent& event) {
  Result<std::string> detail = explain(status);
  if (!detail) return std::move(detail).error();
  uint64_t from = position_ + 1;
  uint64_t nonzero = position_;
  if (status == RecordStatus::kEmpty) {
    Result<uint64_t> first = first_nonzero(reader_, position_);
    if (!first) return std::move(first).error();
    nonzero = *first;
    if (nonzero - position_ > RecordLayout::kMagicAt) from = nonzero - RecordLayout::kMagicAt;
  }
  Result<uint64_t> found = nonzero == reader_.end() ? Result<uint64_t>(nonzero) : find_sound_position(reader_, from);
  if (!found) return std::move(found).error();
  if (*found >= reader_.end()) return end_with_tail(status, event);
  Result<bool> sound = written_meanwhile(event);
  if (!sound || *sound) return sound ? accept(event) : sound;
  event.kind = ScanKind::kDamage;
  event.damage = damage_of(status, nonzero >= *found);
  event.length = *found - position_;
  event.detail = event.damage == Damage::kZeros ? "zero bytes between records" : std::move(*detail);
  position_ = *found;
  return true;
}

Result<bool> SegmentScanner::end_with_tail(RecordStatus status, ScanEvent& event) {
  Result<std::string> detail = explain(status);
  if (!detail) return std::move(detail).error();
  Result<Bytes> head = reader_.view(position_, kBlankBytes);
  if (!head) return std::move(head).error();
  const bool magic = begins_like_record(*head, false), begun = begins_like_record(*head, true);
  uint64_t behind = position_;
  if (resync_ == Resync::kScanOn) {
    Result<uint64_t> found = behind_last_nonzero(reader_, position_);
    if (!found) return std::move(found).error();
    behind = *found;
  }
  event.kind = ScanKind::kTail;
  event.damage = damage_of(status, false);
  event.length = reader_.end() - position_;
  event.nonzero_bytes_end = behind;
  const bool empty = resync_ == Resync::kScanOn ? behind == position_ : status == RecordStatus::kEmpty;
  const bool torn = magic || (begun && behind <= position_ + RecordLayout::kMagicAt);
  event.tail = empty ? Tail::kNeverWritten : torn ? Tail::kTorn : Tail::kStale;
  event.detail = empty ? "never written" : std::move(*detail);
  position_ = reader_.end();
  done_ = true;
  return true;
}

Result<std::string> SegmentScanner::explain(RecordStatus status) {
  Result<Bytes> head = reader_.view(position_, kBlankBytes);
  if (!head) return std::move(head).error();
  if (head->size() < kBlankBytes) return std::to_string(head->size()) + " bytes, too few for a record";
  const RecordClaim claim = read_claim(*head);
  const bool sized = status == RecordStatus::kBadSize || status == RecordStatus::kTruncated;
  if (sized) return std::string(describe(status)) + ": size field " + std::to_string(claim.total_size);
  if (status == RecordStatus::kBadMagic || status == RecordStatus::kEmpty) return "bad magic " + hex(claim.magic);
  return std::string(describe(status));
}

std::string_view damage_name(Damage damage) {
  switch (damage) {
    case Damage::kNone:
      return "none";
    case Damage::kBadMagic:
      return "bad-magic";
    case Damage::kBadSize:
      return "bad-size";
    case Damage::kBodyCrc:
      return "body-crc";
    case Damage::kPropertyCrc:
      return "prop-crc";
    case Damage::kWrongOffset:
      return "wrong-offset";
    case Damage::kZeros:
      return "gap";
  }
  return "unknown";
}

}  // namespace mqctl
