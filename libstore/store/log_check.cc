#include "libstore/store/log_check.h"

#include <algorithm>
#include <thread>

#include "libstore/base/mutex.h"
#include "libstore/message/record_layout.h"

namespace mqctl {
namespace {

constexpr int kChecksOfMovingFile = 4;

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
      board.put(i,
                skip ? Result<SegmentOutcome>(SegmentOutcome{}) : check_segment(fs_, segments[i], segment_options()));
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

void LogCheck::account(const Held& held, uint64_t limit) {
  const SegmentFile& segment = location_.segments.segments[held.index];
  const SegmentOutcome& outcome = held.outcome;
  ++verdict_.segments;
  verdict_.messages += outcome.records;
  verdict_.bytes +=
      outcome.blank ? outcome.end_position + kBlankBytes : std::max(outcome.end_position, outcome.nonzero_end);
  verdict_.facts[held.index] = {segment.base, outcome.first_record_sound, outcome.first_stored};
  verdict_.usage.push_back({shown_path(location_, segment.path), segment.base, outcome.size_bytes, outcome.usage});
  if (outcome.holds_log() || limit > 0) {
    const uint64_t end = outcome.blank ? outcome.size_bytes : limit;
    verdict_.log_end = segment.base + static_cast<int64_t>(end);
  }
}

}  // namespace mqctl
