// What LogCheck makes of one segment's outcome: the findings.
#include <algorithm>

#include "libstore/message/record_layout.h"
#include "libstore/store/log_check.h"

namespace mqctl {
namespace {

constexpr size_t kMaxDamagedRanges = 500000;

FindingClass class_of(Damage damage) {
  switch (damage) {
    case Damage::kBodyCrc:
      return FindingClass::kBodyCrc;
    case Damage::kPropertyCrc:
      return FindingClass::kPropCrc;
    case Damage::kWrongOffset:
      return FindingClass::kWrongOffset;
    case Damage::kBadSize:
      return FindingClass::kBadSize;
    case Damage::kZeros:
      return FindingClass::kGap;
    case Damage::kBadMagic:
    case Damage::kNone:
      break;
  }
  return FindingClass::kBadMagic;
}

// Empty where it depends on what a start reads.
std::string fixed_impact(FindingClass kind) {
  if (kind == FindingClass::kPropCrc) {
    return "brokers look at this CRC only with forceVerifyPropCRC; then the log ends here at the next start";
  }
  if (kind == FindingClass::kWrongOffset) {
    return "brokers take the record for sound and enter it into queues and index under the offset it claims";
  }
  return {};
}

}  // namespace

// Whether it follows the segment before it.
void LogCheck::judge_place(const Held& held) {
  const SegmentFile& segment = location_.segments.segments[held.index];
  const uint64_t whole = location_.segments.segment_bytes;
  if (expected_base_ && *expected_base_ < segment.base) {
    Finding gap = finding_at(held, FindingClass::kGap, 0, static_cast<uint64_t>(segment.base - *expected_base_));
    gap.offset = *expected_base_;
    gap.count = whole == 0 ? 1 : std::max<uint64_t>(1, gap.length / whole);
    gap.detail = counted(gap.count, "segment") + " missing before this one";
    gap.impact = "brokers start and go on behind it; whatever the queues hold from there cannot be read";
    add_damaged(*expected_base_, segment.base);
    add(held, std::move(gap), 0);
  }
  expected_base_ = segment.base + static_cast<int64_t>(whole);
}

void LogCheck::judge_size(const Held& held) {
  const uint64_t whole = location_.segments.segment_bytes, size = held.outcome.size_bytes;
  const bool newest = held.index + 1 == location_.segments.segments.size();
  // A live one is just being made; one whose maker died before it had a size goes at the next start.
  if (size == whole || (newest && (location_.locked || (location_.abort_file && size == 0)))) return;
  const uint64_t from = std::min(size, whole), to = std::max(size, whole);
  const PhysicalOffset base = location_.segments.segments[held.index].base;
  if (size < whole) {
    add_damaged(base + static_cast<int64_t>(std::min(size, held.outcome.end_position)),
                base + static_cast<int64_t>(whole));
  }
  Finding finding =
      finding_at(held, size < whole ? FindingClass::kShortFile : FindingClass::kOversizedFile, from, to - from);
  finding.detail = std::to_string(size) + " bytes where segments have " + std::to_string(whole);
  finding.impact = size == 0 && newest ? "brokers delete an empty last segment at start"
                                       : "brokers refuse to start over a segment of another size";
  add(held, std::move(finding), held.outcome.records);
}

// What a truncation left behind the log's end belongs to the tail.
void LogCheck::cut_stale(SegmentOutcome& outcome) {
  const SegmentOutcome::Stale stale = *outcome.stale;
  const uint64_t behind = outcome.blank ? outcome.size_bytes : std::max(outcome.nonzero_end, outcome.end_position);
  outcome.damages.resize(stale.damages);
  outcome.damages_omitted = 0;
  outcome.records = stale.records;
  outcome.blank = false;
  outcome.tail = Tail::kStale;
  outcome.tail_damage = Damage::kBadMagic;
  outcome.tail_detail = "records older than those before them, left from before a truncation";
  outcome.end_position = stale.position;
  outcome.nonzero_end = behind;
  std::erase_if(outcome.usage, [&](const UsageRange& range) { return range.begin >= stale.position; });
  outcome.usage.push_back({Usage::kDamaged, stale.position, behind});
  outcome.usage.push_back({Usage::kNeverWritten, behind, outcome.size_bytes});
}

void LogCheck::judge_damages(const Held& held, size_t count) {
  const SegmentFile& segment = location_.segments.segments[held.index];
  for (size_t i = 0; i < count; ++i) {
    const SegmentDamage& damage = held.outcome.damages[i];
    const FindingClass kind = class_of(damage.damage);
    Finding finding = finding_at(held, kind, damage.position, damage.length);
    finding.detail = damage.detail;
    finding.count = damage.count;
    if (damage.count > 1) finding.detail += ", and " + counted(damage.count - 1, "record") + " alike behind it";
    finding.impact = fixed_impact(kind);
    add_damaged(segment.base + static_cast<int64_t>(damage.position),
                segment.base + static_cast<int64_t>(damage.position + damage.length));
    add(held, std::move(finding), damage.records_before);
  }
  verdict_.findings.add_omitted(held.outcome.damages_omitted);
  if (held.outcome.damages_omitted > 0)
    add_damaged(segment.base, segment.base + static_cast<int64_t>(segment.size_bytes));
}

void LogCheck::judge_blank(const Held& held) {
  const SegmentOutcome& outcome = held.outcome;
  const auto left = static_cast<int64_t>(location_.segments.segment_bytes - outcome.end_position);
  if (outcome.blank_claim == left || outcome.end_position >= location_.segments.segment_bytes) return;
  const bool lone = location_.kind == LocationKind::kSegmentFile;
  const bool cut = lone && outcome.blank_claim > left;
  Finding finding = cut ? finding_at(held, FindingClass::kShortFile, outcome.size_bytes,
                                     static_cast<uint64_t>(outcome.blank_claim - left))
                        : finding_at(held, FindingClass::kBadSize, outcome.end_position, kBlankBytes);
  finding.detail = "the blank record claims " + std::to_string(outcome.blank_claim) + " bytes where " +
                   std::to_string(left) + " are left";
  finding.impact =
      cut ? "brokers refuse to start over a segment of another size" : "brokers do not look at this number";
  add(held, std::move(finding), outcome.records);
}

bool LogCheck::is_short(const Held& held) const { return held.outcome.size_bytes < location_.segments.segment_bytes; }

// No blank, and segments with records follow.
void LogCheck::judge_inner_tail(const Held& held) {
  const SegmentOutcome& outcome = held.outcome;
  const SegmentFile& segment = location_.segments.segments[held.index];
  add_damaged(segment.base + static_cast<int64_t>(outcome.end_position),
              segment.base + static_cast<int64_t>(location_.segments.segment_bytes));
  if (is_short(held) && outcome.tail != Tail::kStale) return;  // the missing bytes are a finding already
  const bool empty = outcome.tail == Tail::kNeverWritten;
  Finding finding = finding_at(held, empty ? FindingClass::kBlankMissing : class_of(outcome.tail_damage),
                               outcome.end_position, outcome.size_bytes - outcome.end_position);
  finding.detail = empty ? "no blank record ends the segment, though the log goes on behind it"
                         : outcome.tail_detail + "; nothing sound follows in this segment";
  add(held, std::move(finding), outcome.records);
}

void LogCheck::judge_last_tail(const Held& held, size_t trailing) {
  const SegmentOutcome& outcome = held.outcome;
  const bool dirty = trailing < outcome.damages.size() || outcome.nonzero_end > outcome.end_position;
  const PhysicalOffset base = location_.segments.segments[held.index].base;
  const uint64_t from = trailing < outcome.damages.size() ? outcome.damages[trailing].position : outcome.end_position;
  if (dirty) {
    const uint64_t to = std::max(outcome.nonzero_end, outcome.end_position);
    add_damaged(base + static_cast<int64_t>(from), base + static_cast<int64_t>(to));
  }
  if (dirty && writer_near() && !options_.strict_tail) {
    verdict_.notes.push_back(shown_path(location_, location_.segments.segments[held.index].path) + " at " +
                             std::to_string(from) + ": " +
                             std::to_string(std::max(outcome.nonzero_end, outcome.end_position) - from) +
                             " bytes behind the log's end, as a writer at work or a crash leaves them");
    return;
  }
  if (dirty) return report_tail(held, trailing);
  const bool full = outcome.end_position == outcome.size_bytes && outcome.size_bytes > 0;
  if (!full || is_short(held) || location_.kind == LocationKind::kSegmentFile) return;
  Finding finding = finding_at(held, FindingClass::kBlankMissing, outcome.end_position, 0);
  finding.detail = "the segment is full to its last byte, without a blank record";
  finding.impact = "brokers take the log for ended here, and what is written behind it is lost at the next start";
  add(held, std::move(finding), outcome.records);
}

// Damage that nothing sound follows. Where queues hold records from here on, it is damage to these.
void LogCheck::report_tail(const Held& held, size_t trailing) {
  const SegmentOutcome& outcome = held.outcome;
  const PhysicalOffset base = location_.segments.segments[held.index].base;
  const auto known_to_queues = [&](uint64_t position) {
    return options_.queues_end && *options_.queues_end > base + static_cast<int64_t>(position);
  };
  uint64_t stale_from = UINT64_MAX;
  for (size_t i = trailing; i < outcome.damages.size(); ++i) {
    const SegmentDamage& damage = outcome.damages[i];
    const bool stale = damage.damage == Damage::kWrongOffset && !known_to_queues(damage.position);
    if (stale) stale_from = std::min(stale_from, damage.position);
    if (stale || stale_from < damage.position) continue;
    Finding finding = finding_at(held, class_of(damage.damage), damage.position, damage.length);
    finding.detail = damage.detail;
    finding.impact = fixed_impact(finding.kind);
    add(held, std::move(finding), damage.records_before);
  }
  const uint64_t from = std::min(stale_from, outcome.end_position);
  const uint64_t to = std::max(outcome.nonzero_end, outcome.end_position);
  if (from == to) return;
  const bool torn = stale_from == UINT64_MAX && outcome.tail == Tail::kTorn;
  if (torn && is_short(held)) return;  // the missing bytes are a finding already
  const bool damaged = stale_from == UINT64_MAX && !torn && known_to_queues(from);
  const FindingClass kind = torn      ? FindingClass::kTornTail
                            : damaged ? class_of(outcome.tail_damage)
                                      : FindingClass::kStaleBytes;
  Finding finding = finding_at(held, kind, from, to - from);
  finding.detail = stale_from == UINT64_MAX ? outcome.tail_detail : "sound records that belong elsewhere";
  if (kind == FindingClass::kStaleBytes) {
    finding.impact = "brokers end the log here and write over it; none of it was part of the log";
  }
  add(held, std::move(finding), outcome.records);
}

Finding LogCheck::finding_at(const Held& held, FindingClass kind, uint64_t position, uint64_t length) const {
  const SegmentFile& segment = location_.segments.segments[held.index];
  Finding finding;
  finding.kind = kind;
  finding.file = shown_path(location_, segment.path);
  finding.position = position;
  finding.offset = segment.base + static_cast<int64_t>(position);
  finding.length = length;
  return finding;
}

void LogCheck::add(const Held& held, Finding finding, uint64_t records_before) {
  if (!verdict_.findings.full()) {
    verdict_.messages_before.push_back(verdict_.messages + records_before);
    verdict_.segment_of.push_back(held.index);
  }
  verdict_.findings.add(std::move(finding));
}

void LogCheck::add_damaged(PhysicalOffset begin, PhysicalOffset end) {
  std::vector<DamagedRange>& ranges = verdict_.damaged;
  const bool joins = !ranges.empty() && (ranges.back().end >= begin || ranges.size() >= kMaxDamagedRanges);
  if (joins) {
    ranges.back().end = std::max(ranges.back().end, end);
  } else {
    ranges.push_back({begin, end});
  }
}

}  // namespace mqctl
