#include "cli/commands/preallocate_run.h"

#include <cstdio>
#include <utility>

#include "cli/commands/write_target.h"
#include "libstore/os/store_lock.h"
#include "libstore/store/preallocate.h"

namespace mqctl {
namespace {

std::string number(uint64_t value) { return std::to_string(value); }

std::string seconds_of(std::chrono::nanoseconds time) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3f", std::chrono::duration<double>(time).count());
  return text;
}

std::string made_text(const MadeSegment& segment) {
  return segment.path + ": " + number(segment.size_bytes) + " bytes, " + number(segment.allocated_bytes) +
         " in real blocks, " + seconds_of(segment.took) + " s\n";
}

// Names of segments are digits: nothing to escape but what may stand in the path of the store, so the path is left out.
std::string made_json(const MadeSegment& segment) {
  return R"({"v":1,"file":")" + base_name(segment.path) + R"(","size":)" + number(segment.size_bytes) +
         R"(,"allocated":)" + number(segment.allocated_bytes) + R"(,"seconds":)" + seconds_of(segment.took) + "}\n";
}

std::string plan_text(const PreallocatePlan& plan) {
  std::string text;
  for (const SegmentToMake& segment : plan.segments) {
    text += segment.path + ": " + number(plan.segment_bytes) + " bytes, would be made\n";
  }
  return text;
}

std::string plan_json(const PreallocatePlan& plan) {
  std::string text;
  for (const SegmentToMake& segment : plan.segments) {
    text += R"({"v":1,"file":")" + base_name(segment.path) + R"(","size":)" + number(plan.segment_bytes) +
            R"(,"planned":true})" + "\n";
  }
  return text;
}

// What this run made besides segments, to be taken back when it fails.
class MadeDirectories {
 public:
  explicit MadeDirectories(FileSystem& fs) : fs_(fs) {}
  Status make(const std::string& directory) {
    std::vector<std::string> missing;
    for (std::string path = directory; !fs_.stat(path) && path != parent_path(path); path = parent_path(path)) {
      missing.push_back(path);
    }
    made_.insert(made_.begin(), missing.begin(), missing.end());
    return fs_.create_directories(directory);
  }
  bool made(const std::string& directory) const {
    return std::find(made_.begin(), made_.end(), directory) != made_.end();
  }
  // Deepest first; one that is not empty stays.
  void take_back() {
    for (const std::string& directory : made_) (void)fs_.remove(directory);
  }

 private:
  FileSystem& fs_;
  std::vector<std::string> made_;
};

class PreallocateRun {
 public:
  PreallocateRun(const PreallocateOptions& options, const PreallocateTalk& talk) : options_(options), talk_(talk) {}

  PreallocateOutcome run() {
    Result<WriteTarget> target = find_write_target(fs_, options_.location);
    if (!target) return {std::move(target).error()};
    if (target->commit_log_directories.size() > 1) {
      return {Status::error(Errc::kUnsupported, "the log lies in several directories").at(target->root)};
    }
    if (options_.segment_bytes != 0) {
      if (Status status = check_segment_bytes(options_.segment_bytes); !status.ok()) return {std::move(status)};
    }
    request_ = {.root = target->root,
                .count = options_.count,
                .segment_bytes = options_.segment_bytes,
                .reserve_bytes = options_.reserve.bytes,
                .warm = options_.warm,
                .many = options_.force};
    // Before the lock, which makes files: what is refused leaves nothing behind.
    Result<PreallocatePlan> plan = make_plan();
    if (!plan) return refusal(std::move(plan).error());
    if (options_.dry_run) {
      talk_.print(options_.json ? plan_json(*plan) : plan_text(*plan));
      return {};
    }
    return make();
  }

 private:
  Result<PreallocatePlan> make_plan() {
    Result<PreallocatePlan> plan = plan_preallocation(fs_, request_);
    if (!plan || options_.reserve.percent == 0) return plan;
    request_.reserve_bytes =
        static_cast<uint64_t>(static_cast<double>(plan->space.total_bytes) * options_.reserve.percent / 100);
    return plan_preallocation(fs_, request_);
  }

  PreallocateOutcome make() {
    MadeDirectories directories(fs_);
    PreallocateOutcome outcome = make_in(directories);
    if (!outcome.status.ok()) directories.take_back();
    return outcome;
  }

  PreallocateOutcome make_in(MadeDirectories& directories) {
    if (Status status = directories.make(request_.root + "/commitlog"); !status.ok()) return {std::move(status)};
    Result<StoreLock> lock = StoreLock::acquire(fs_, request_.root);
    if (!lock) return {std::move(lock).error()};
    Result<PreallocatePlan> plan = make_plan();  // again: the store is ours only now
    Status status =
        plan ? make_segments(fs_, *plan, request_.warm, [this](const MadeSegment& segment) { tell(segment); })
             : std::move(plan).error();
    if (status.ok()) {
      talk_.print(answer_);
      if (plan->spares_there + options_.count > kMostSpareSegments) tell_danger();
    } else if (directories.made(request_.root)) {
      (void)fs_.remove(join_path(request_.root, "lock"));
    }
    return {std::move(status)};
  }

  // Told when all are there: what fails midway is taken back.
  void tell(const MadeSegment& segment) {
    if (options_.quiet) return;
    answer_ += options_.json ? made_json(segment) : made_text(segment);
  }

  void tell_danger() const {
    talk_.note("an Apache 5.5.0 broker that opens this store before the spare segments are used up loses its log");
  }

  PreallocateOutcome refusal(Status status) const {
    const bool too_many = status.code() == Errc::kBusy;
    if (too_many) talk_.note("--force makes them all the same; only mqctl's own writers may open the store then");
    return {.status = std::move(status), .refused = too_many};
  }

  const PreallocateOptions& options_;
  const PreallocateTalk& talk_;
  FileSystem& fs_ = posix_file_system();
  PreallocateRequest request_;
  std::string answer_;
};

}  // namespace

PreallocateOutcome run_preallocate(const PreallocateOptions& options, const PreallocateTalk& talk) {
  return PreallocateRun(options, talk).run();
}

}  // namespace mqctl
