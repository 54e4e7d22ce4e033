#include "libstore/store/log_check.h"

#include <algorithm>
#include <thread>

#include "libstore/base/mutex.h"
#include "libstore/message/record_layout.h"

namespace mqctl {
namespace {

constexpr size_t kMaxDamagedRanges = 500000;
constexpr int kChecksOfMovingFile = 4;

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

bool same_findings(const SegmentOutcome& a, const SegmentOutcome& b) {
  return a.end_position == b.end_position && a.blank == b.blank && a.nonzero_end == b.nonzero_end &&
         a.damages.size() == b.damages.size() && a.damages_omitted == b.damages_omitted;
}

// Outcomes of segments checked by several threads, handed out in order.
class OutcomeBoard {
 public:
  explicit OutcomeBoard(size_t count) : slots_(count) {}

  void put(size_t index, Result<SegmentOutcome> outcome) EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    slots_[index] = std::make_unique<Result<SegmentOutcome>>(std::move(outcome));
    arrived_.notify_one();
  }
  Result<SegmentOutcome> take(size_t index) EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    while (slots_[index] == nullptr) arrived_.wait(mutex_);
    const std::unique_ptr<Result<SegmentOutcome>> taken = std::move(slots_[index]);
    return std::move(*taken);
  }

 private:
  Mutex mutex_;
  CondVar arrived_;
  std::vector<std::unique_ptr<Result<SegmentOutcome>>> slots_ GUARDED_BY(mutex_);
};

}  // namespace

std::string shown_path(const StoreLocation& location, const std::string& path) {
  const std::string prefix = join_path(location.root, "");
  return location.has_root() && path.starts_with(prefix) ? path.substr(prefix.size()) : path;
}

LogCheck::LogCheck(FileSystem& fs, const StoreLocation& location, LogCheckOptions options, Settled settled)
    : fs_(fs), location_(location), options_(std::move(options)), settled_(std::move(settled)) {
  verdict_.findings = FindingList(options_.max_findings);
  verdict_.log_end = location.segments.min_offset();
  for (const SegmentFile& segment : location.segments.segments) verdict_.facts.push_back({segment.base, false, {}});
}

Result<LogVerdict> LogCheck::run() {
  Status status = options_.jobs > 1 && location_.segments.segments.size() > 1 ? run_parallel() : run_alone();
  if (status.ok() && !stopped()) status = settle_end();
  if (!status.ok()) return status;
  verdict_.complete = verdict_.complete && !(options_.stop_at_first && verdict_.findings.total() > 0);
  return std::move(verdict_);
}

bool LogCheck::stopped() const {
  return !verdict_.complete || (options_.stop_at_first && verdict_.findings.total() > 0);
}

SegmentCheckOptions LogCheck::segment_options() const {
  return {options_.check, options_.max_findings, options_.cancel, options_.on_progress};
}

Status LogCheck::run_alone() {
  const std::vector<SegmentFile>& segments = location_.segments.segments;
  for (size_t i = 0; i < segments.size() && !stopped(); ++i) {
    if (Status status = merge(i, check_segment(fs_, segments[i], segment_options())); !status.ok()) return status;
  }
  return {};
}

Status LogCheck::run_parallel() {
  const std::vector<SegmentFile>& segments = location_.segments.segments;
  OutcomeBoard board(segments.size());
  std::atomic<size_t> next{0};
  std::atomic<bool> enough{false};  // relaxed: the merging thread wants no more
  const auto work = [&] {
    for (size_t i = next.fetch_add(1); i < segments.size(); i = next.fetch_add(1)) {
      const bool skip = enough.load(std::memory_order_relaxed);
      board.put(i, skip ? Result<SegmentOutcome>(SegmentOutcome{})
                        : check_segment(fs_, segments[i], segment_options()));
    }
  };
  std::vector<std::thread> workers;
  for (size_t i = 0; i < std::min<size_t>(options_.jobs, segments.size()); ++i) workers.emplace_back(work);
  Status status;
  for (size_t i = 0; i < segments.size() && status.ok() && !stopped(); ++i) status = merge(i, board.take(i));
  enough.store(true, std::memory_order_relaxed);
  for (std::thread& worker : workers) worker.join();
  return status;
}

Status LogCheck::merge(size_t index, Result<SegmentOutcome> outcome) {
  const SegmentFile& segment = location_.segments.segments[index];
  if (!outcome && outcome.error().code() == Errc::kNotFound) {
    verdict_.notes.push_back(shown_path(location_, segment.path) + " vanished before it could be read");
    expected_base_ = segment.base + static_cast<int64_t>(location_.segments.segment_bytes);
    return {};
  }
  if (!outcome) return std::move(outcome).error();
  verdict_.complete = verdict_.complete && !outcome->cancelled;
  if (!verdict_.complete) return {};
  Held held{index, std::move(*outcome)};
  if (!held.outcome.holds_log()) {
    spares_.push_back(std::move(held));
    return {};
  }
  if (Status status = settle_inside(); !status.ok()) return status;
  last_data_ = std::move(held);
  return {};
}

// Records follow, so everything held is inside the log.
Status LogCheck::settle_inside() {
  if (last_data_) {
    if (Status status = settle(*last_data_, Place::kInside); !status.ok()) return status;
    last_data_.reset();
  }
  for (Held& spare : spares_) {
    if (Status status = settle(spare, Place::kInside); !status.ok()) return status;
  }
  spares_.clear();
  return {};
}

Status LogCheck::settle_end() {
  if (last_data_) {
    if (Status status = settle(*last_data_, Place::kLast); !status.ok()) return status;
  }
  for (Held& spare : spares_) {
    if (Status status = settle(spare, Place::kLast); !status.ok()) return status;
  }
  return {};
}

bool LogCheck::quiet(const SegmentOutcome& outcome, Place place) const {
  if (!outcome.damages.empty()) return false;
  return outcome.blank || (place == Place::kLast && outcome.nonzero_end <= outcome.end_position);
}

// A writer fills in what an earlier look found unfinished; what is damage stays.
Status LogCheck::check_again(Held& held, Place place) {
  const SegmentFile& segment = location_.segments.segments[held.index];
  for (int i = 0; i < kChecksOfMovingFile && !quiet(held.outcome, place); ++i) {
    Result<SegmentOutcome> again = check_segment(fs_, segment, segment_options());
    if (!again && again.error().code() == Errc::kNotFound) return {};
    if (!again) return std::move(again).error();
    const bool settled = same_findings(*again, held.outcome);
    held.outcome = std::move(*again);
    if (settled) break;
  }
  return {};
}

Status LogCheck::settle(Held& held, Place place) {
  if (stopped()) return {};
  if (writer_near()) {
    if (Status status = check_again(held, place); !status.ok()) return status;
  }
  const SegmentFile& segment = location_.segments.segments[held.index];
  judge_place(held);
  const bool last = place == Place::kLast;
  if (last && held.outcome.stale) cut_stale(held.outcome);
  const SegmentOutcome& outcome = held.outcome;
  const auto& damages = outcome.damages;
  const bool open_end = last && !outcome.blank;
  size_t trailing = damages.size();
  while (open_end && trailing > 0 && damages[trailing - 1].records_before == outcome.records) --trailing;
  judge_damages(held, trailing);
  if (outcome.blank) judge_blank(held);
  if (!outcome.blank && !last) judge_inner_tail(held);
  if (open_end) judge_last_tail(held, trailing);
  judge_size(held);
  const uint64_t limit = trailing < damages.size() ? damages[trailing].position : outcome.end_position;
  account(held, limit);
  return settled_ ? settled_(segment, limit, verdict_) : Status();
}

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
  if (size == whole || (newest && location_.locked)) return;  // a live one is just being made
  const uint64_t from = std::min(size, whole), to = std::max(size, whole);
  const PhysicalOffset base = location_.segments.segments[held.index].base;
  if (size < whole) {
    add_damaged(base + static_cast<int64_t>(std::min(size, held.outcome.end_position)), base + static_cast<int64_t>(whole));
  }
  Finding finding = finding_at(held, size < whole ? FindingClass::kShortFile : FindingClass::kOversizedFile, from, to - from);
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
  if (held.outcome.damages_omitted > 0) add_damaged(segment.base, segment.base + static_cast<int64_t>(segment.size_bytes));
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
  finding.impact = cut ? "brokers refuse to start over a segment of another size" : "brokers do not look at this number";
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
    verdict_.notes.push_back(
        shown_path(location_, location_.segments.segments[held.index].path) + " at " + std::to_string(from) + ": " +
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

void LogCheck::account(const Held& held, uint64_t limit) {
  const SegmentFile& segment = location_.segments.segments[held.index];
  const SegmentOutcome& outcome = held.outcome;
  ++verdict_.segments;
  verdict_.messages += outcome.records;
  verdict_.bytes += outcome.blank ? outcome.end_position + kBlankBytes : std::max(outcome.end_position, outcome.nonzero_end);
  verdict_.facts[held.index] = {segment.base, outcome.first_record_sound, outcome.first_stored};
  verdict_.usage.push_back({shown_path(location_, segment.path), segment.base, outcome.size_bytes, outcome.usage});
  if (outcome.holds_log() || limit > 0) {
    const uint64_t end = outcome.blank ? outcome.size_bytes : limit;
    verdict_.log_end = segment.base + static_cast<int64_t>(end);
  }
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
