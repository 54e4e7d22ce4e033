#include "libstore/store/retention.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <ctime>
#include <limits>
#include <utility>

namespace mqctl {
namespace {

RetentionOptions within_bounds(RetentionOptions options) {
  options.max_used_ratio = std::clamp(options.max_used_ratio, 0.10, 0.95);
  options.clean_forcibly_ratio = std::clamp(options.clean_forcibly_ratio, 0.30, 0.85);
  options.warning_ratio = std::clamp(options.warning_ratio, 0.35, 0.90);
  return options;
}

// Whole per cents, rounded up, as Apache has them (UtilAll.getDiskPartitionSpaceUsedPercent).
double ratio_of(const SpaceInfo& space) { return std::ceil(space.used_share() * 100 - 1e-9) / 100; }

int local_hour(EpochMs time) {
  const auto seconds = static_cast<std::time_t>(time.value() / 1000);
  std::tm parts{};
  return ::localtime_r(&seconds, &parts) == nullptr ? -1 : parts.tm_hour;
}

Result<int> parse_hour(std::string_view text) {
  int hour = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), hour);
  if (error == std::errc() && end == text.data() + text.size() && hour >= 0 && hour <= 23) return hour;
  return Status::error(Errc::kInvalidArgument, "deleteWhen: `" + std::string(text) + "` is no hour of the day");
}

}  // namespace

Result<std::vector<int>> parse_delete_when(std::string_view hours) {
  std::vector<int> parsed;
  while (!hours.empty()) {
    const size_t end = std::min(hours.find(';'), hours.size());
    if (end > 0) {
      Result<int> hour = parse_hour(hours.substr(0, end));
      if (!hour) return std::move(hour).error();
      parsed.push_back(*hour);
    }
    hours.remove_prefix(std::min(end + 1, hours.size()));
  }
  return parsed;
}

CleanCommitLogService::CleanCommitLogService(FileSystem& fs, const Clock& clock, RetentionOptions options,
                                             std::vector<std::string> paths, Deleter deleter)
    : fs_(fs),
      clock_(clock),
      options_(within_bounds(std::move(options))),
      paths_(std::move(paths)),
      deleter_(std::move(deleter)) {}

Result<double> CleanCommitLogService::used_ratio() const {
  double fullest = 0;
  for (const std::string& path : paths_) {
    Result<SpaceInfo> space = fs_.space(path);
    if (!space && space.error().code() == Errc::kNotFound) continue;  // not made yet
    if (!space) return std::move(space).error();
    fullest = std::max(fullest, ratio_of(*space));
  }
  return fullest;
}

RetentionOptions CleanCommitLogService::options() const {
  MutexLock lock(mutex_);
  return options_;
}

void CleanCommitLogService::change(RetentionOptions options) {
  MutexLock lock(mutex_);
  options_ = within_bounds(std::move(options));
}

bool CleanCommitLogService::hour_has_come(const RetentionOptions& options) const {
  const std::vector<int>& hours = options.delete_when_hours;
  return std::find(hours.begin(), hours.end(), local_hour(clock_.now())) != hours.end();
}

bool CleanCommitLogService::take_manual_pass() {
  int left = manual_passes_.load(std::memory_order_relaxed);
  while (left > 0 && !manual_passes_.compare_exchange_weak(left, left - 1, std::memory_order_relaxed)) {
  }
  return left > 0;
}

Result<RetentionPass> CleanCommitLogService::run() {
  Result<double> ratio = used_ratio();
  if (!ratio) return std::move(ratio).error();
  const RetentionOptions options = this->options();
  RetentionPass pass;
  pass.used_ratio = *ratio;
  const bool above_warning = *ratio > options.warning_ratio;
  disk_full_.store(above_warning, std::memory_order_relaxed);
  pass.immediately = options.clean_forcibly && (above_warning || *ratio > options.clean_forcibly_ratio);
  if (hour_has_come(options)) pass.cause = RetentionCause::kHour;
  if (take_manual_pass()) pass.cause = RetentionCause::kManual;
  if (pass.immediately || *ratio > options.max_used_ratio) pass.cause = RetentionCause::kDiskUse;
  if (pass.cause == RetentionCause::kNone) return pass;

  const EpochMs limit =
      pass.immediately ? EpochMs(std::numeric_limits<int64_t>::max()) : clock_.now() - options.reserved.count();
  Result<int> deleted = deleter_(limit, options.batch_max);
  if (!deleted) return std::move(deleted).error();
  pass.segments_deleted = *deleted;
  return pass;
}

}  // namespace mqctl
