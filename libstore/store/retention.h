// CleanCommitLogService: removes commit-log segments that are old, or when the disk fills up, by Apache's rules
// (docs/store-format.md, expiry). Queue units and index files that point into them follow (the deleter sees to it).
//
// run() is one pass; the owner calls it every kInterval. Segments go from the oldest, never the last, at most
// `batch_max` a pass, and stop at the first that is to stay. Times are those of the clock that is handed in, hours of
// the day in local time. Passes are for one thread, everything else for any.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "libstore/base/clock.h"
#include "libstore/base/mutex.h"
#include "libstore/base/result.h"
#include "libstore/os/file_system.h"

namespace mqctl {

struct RetentionOptions {
  std::vector<int> delete_when_hours{4};                        // Apache: deleteWhen
  std::chrono::milliseconds reserved = std::chrono::hours(72);  // fileReservedTime
  double max_used_ratio = 0.75;                                 // diskMaxUsedSpaceRatio, held to 0.10 .. 0.95
  double clean_forcibly_ratio = 0.85;  // rocketmq.broker.diskSpaceCleanForciblyRatio, 0.30 .. 0.85
  double warning_ratio = 0.90;         // rocketmq.broker.diskSpaceWarningLevelRatio, 0.35 .. 0.90
  bool clean_forcibly = true;          // cleanFileForciblyEnable
  int batch_max = 10;                  // deleteFileBatchMax
};

// "04" or "04;16": hours of the day, as Apache's deleteWhen. kInvalidArgument names what is none.
Result<std::vector<int>> parse_delete_when(std::string_view hours);

enum class RetentionCause : uint8_t { kNone, kHour, kDiskUse, kManual };

struct RetentionPass {
  RetentionCause cause = RetentionCause::kNone;
  bool immediately = false;  // whether old or not
  double used_ratio = 0;     // the fullest of the file systems
  int segments_deleted = 0;
};

class CleanCommitLogService {
 public:
  static constexpr std::chrono::seconds kInterval{10};
  static constexpr int kManualPasses = 20;
  // Removes up to `limit` segments that were modified at or before the time, and what points into them.
  using Deleter = std::function<Result<int>(EpochMs modified_at_most, int limit)>;

  // `paths`: what lies on the file systems to watch: commit-log directories, consumequeue.
  CleanCommitLogService(FileSystem& fs, const Clock& clock, RetentionOptions options, std::vector<std::string> paths,
                        Deleter deleter);

  Result<RetentionPass> run() EXCLUDES(mutex_);
  // From the next pass on.
  void change(RetentionOptions options) EXCLUDES(mutex_);
  // The next kManualPasses passes delete expired segments whatever the hour.
  void delete_manually() { manual_passes_.store(kManualPasses, std::memory_order_relaxed); }
  // Above the warning ratio, as the last pass found it: puts are to be refused (SERVICE_NOT_AVAILABLE).
  bool disk_full() const { return disk_full_.load(std::memory_order_relaxed); }

 private:
  Result<double> used_ratio() const;
  bool hour_has_come(const RetentionOptions& options) const;
  RetentionOptions options() const EXCLUDES(mutex_);
  bool take_manual_pass();

  FileSystem& fs_;
  const Clock& clock_;
  mutable Mutex mutex_;
  RetentionOptions options_ GUARDED_BY(mutex_);
  const std::vector<std::string> paths_;
  const Deleter deleter_;
  // Relaxed: a count and a flag of their own, they publish nothing.
  std::atomic<int> manual_passes_{0};
  std::atomic<bool> disk_full_{false};
};

}  // namespace mqctl
