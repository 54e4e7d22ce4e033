// LogCheck: all segments of a commit log, in parallel, put together in log order: what is damage, what is a tail, what
// is a segment that waits for its first record. The outcome does not depend on the number of jobs.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "libstore/store/finding.h"
#include "libstore/store/recovery_model.h"
#include "libstore/store/segment_check.h"
#include "libstore/store/store_location.h"

namespace mqctl {

struct LogCheckOptions {
  CrcCheck check = CrcCheck::kBodyAndProperties;
  unsigned jobs = 1;
  bool strict_tail = false;  // an unfinished tail is a finding though a writer is or was at work
  bool stop_at_first = false;
  uint64_t max_findings = UINT64_MAX;
  std::optional<PhysicalOffset> queues_end;  // behind the last record that any consume queue holds
  const std::atomic<bool>* cancel = nullptr;
  std::function<void(uint64_t bytes)> on_progress;
};

struct SegmentUsage {
  std::string file;
  PhysicalOffset base;
  uint64_t size_bytes = 0;
  std::vector<UsageRange> ranges;
};

struct DamagedRange {
  PhysicalOffset begin, end;
};

struct LogVerdict {
  FindingList findings{UINT64_MAX};       // impact still empty where it depends on what a start reads
  std::vector<uint64_t> messages_before;  // for each kept finding
  std::vector<size_t> segment_of;         // for each kept finding
  uint64_t segments = 0, messages = 0, bytes = 0;
  PhysicalOffset log_end;             // where the next record goes
  std::vector<DamagedRange> damaged;  // in order; neighbours joined where there are very many
  std::vector<SegmentFacts> facts;
  std::vector<SegmentUsage> usage;
  std::vector<std::string> notes;
  bool complete = true;  // not cancelled, not stopped at the first finding
};

class LogCheck {
 public:
  // Called in log order, on the thread of run(), as soon as it is known what of a segment belongs to the log:
  // [0, limit). The verdict so far knows all damage before that.
  using Settled = std::function<Status(const SegmentFile& segment, uint64_t limit, const LogVerdict& so_far)>;

  LogCheck(FileSystem& fs, const StoreLocation& location, LogCheckOptions options, Settled settled);
  Result<LogVerdict> run();

 private:
  struct Held {
    size_t index = 0;
    SegmentOutcome outcome;
  };
  enum class Place : uint8_t { kInside, kLast };

  Status run_alone();
  Status run_parallel();
  Status merge(size_t index, Result<SegmentOutcome> outcome);
  Status settle_inside();
  Status settle_end();
  Status settle(Held& held, Place place);
  Status check_again(Held& held, Place place);
  bool quiet(const SegmentOutcome& outcome, Place place) const;
  void judge_place(const Held& held);
  void judge_size(const Held& held);
  static void cut_stale(SegmentOutcome& outcome);
  void judge_damages(const Held& held, size_t count);
  void judge_blank(const Held& held);
  void judge_inner_tail(const Held& held);
  void judge_last_tail(const Held& held, size_t trailing);
  void report_tail(const Held& held, size_t trailing);
  void account(const Held& held, uint64_t limit);
  Finding finding_at(const Held& held, FindingClass kind, uint64_t position, uint64_t length) const;
  void add(const Held& held, Finding finding, uint64_t records_before);
  void add_damaged(PhysicalOffset begin, PhysicalOffset end);
  bool is_short(const Held& held) const;
  bool writer_near() const { return location_.locked || location_.abort_file; }
  bool stopped() const;
  SegmentCheckOptions segment_options() const;

  FileSystem& fs_;
  const StoreLocation& location_;
  const LogCheckOptions options_;
  const Settled settled_;
  LogVerdict verdict_;
  std::optional<Held> last_data_;  // the last segment with records so far
  std::vector<Held> spares_;       // those behind it
  std::optional<PhysicalOffset> expected_base_;
};

// A path as findings show it: below the store's root where it lies there.
std::string shown_path(const StoreLocation& location, const std::string& path);

}  // namespace mqctl
