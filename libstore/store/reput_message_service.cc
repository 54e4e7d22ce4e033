#include "libstore/store/reput_message_service.h"

#include <algorithm>
#include <limits>

#include "libstore/message/record_parser.h"

namespace mqctl {
namespace {

constexpr std::chrono::microseconds kLinger{50};
constexpr int64_t kMomentBytes = 1 << 20;
// A wake-up that is missed all the same costs this much and no more.
constexpr std::chrono::milliseconds kLongestSleep{100};
constexpr std::chrono::milliseconds kTryAgain{100};

}  // namespace

ReputMessageService::ReputMessageService(const CommitLog& log, const DelayLevelTable& levels, PhysicalOffset from,
                                         Dispatch dispatch, Background background)
    : log_(log), levels_(levels), dispatch_(std::move(dispatch)), background_(background), position_(from.value()) {
  if (background_ == Background::kThreads) thread_ = std::thread([this] { run(); });
}

ReputMessageService::~ReputMessageService() { shutdown(); }

void ReputMessageService::run() {
  while (!stopping_.load(std::memory_order_acquire) && !over_.load()) {
    Status status;
    {
      MutexLock lock(dispatching_);
      status = drain(std::numeric_limits<int64_t>::max());
    }
    judge(std::move(status));
    if (has_task_.load(std::memory_order_acquire)) run_task();
    if (waiters_.load() > 0) {
      MutexLock lock(mutex_);
      moved_.notify_all();
    }
    if (failed()) {
      pause();
    } else if (!linger()) {
      sleep_until_woken();
    }
  }
}

void ReputMessageService::pause() {
  MutexLock lock(mutex_);
  if (!stopping_.load() && !over_.load()) work_.wait_for(mutex_, kTryAgain);
}

bool ReputMessageService::linger() const {
  const auto until = std::chrono::steady_clock::now() + kLinger;
  if (has_task_.load(std::memory_order_relaxed)) return true;
  while (std::chrono::steady_clock::now() < until) {
    if (has_work() || stopping_.load(std::memory_order_relaxed)) return true;
    std::this_thread::yield();
  }
  return false;
}

void ReputMessageService::sleep_until_woken() {
  MutexLock lock(mutex_);
  sleeping_.store(true, std::memory_order_seq_cst);
  std::atomic_thread_fence(std::memory_order_seq_cst);
  if (!has_work() && !stopping_.load() && !has_task_.load()) work_.wait_for(mutex_, kLongestSleep);
  sleeping_.store(false, std::memory_order_relaxed);
}

void ReputMessageService::wake() {
  std::atomic_thread_fence(std::memory_order_seq_cst);
  if (!sleeping_.load(std::memory_order_seq_cst)) return;
  MutexLock lock(mutex_);
  work_.notify_one();
}

void ReputMessageService::dispatch_now() {
  int64_t left = kMomentBytes;
  // Who has a thread leaves to it what has failed once.
  const std::atomic<bool>& stands = background_ == Background::kSteps ? over_ : failed_;
  while (left > 0 && !stands.load() && has_work()) {
    // Who has the lock looks for new work after he let go of it.
    std::atomic_thread_fence(std::memory_order_seq_cst);
    if (!dispatching_.try_lock()) return;
    const PhysicalOffset before = position();
    Status status = drain(left);
    dispatching_.unlock();
    if (!status.ok()) return judge(std::move(status));
    std::atomic_thread_fence(std::memory_order_seq_cst);
    if (position() == before) break;
    left -= position() - before;
  }
  if (has_work()) wake();
}

void ReputMessageService::dispatch_all() {
  Status status;
  {
    MutexLock lock(dispatching_);
    if (!over_.load()) status = drain(std::numeric_limits<int64_t>::max());
  }
  judge(std::move(status));
}

Status ReputMessageService::drain(int64_t most) {
  while (most > 0 && has_work() && !stopping_.load(std::memory_order_relaxed) &&
         !has_task_.load(std::memory_order_relaxed)) {
    const PhysicalOffset position(position_.load(std::memory_order_relaxed));
    const HeldBytes data = log_.data_from(position);
    if (!data || data.bytes().empty()) {
      if (position >= log_.min_offset()) break;
      position_.store(log_.min_offset().value(), std::memory_order_release);  // retention overtook us
      continue;
    }
    const int64_t there = std::min(log_.confirm_offset() - position, static_cast<int64_t>(data.bytes().size()));
    if (Status status = dispatch_segment(data.bytes(), std::min(there, most)); !status.ok()) return status;
    most -= std::min(there, most);
  }
  return {};
}

Status ReputMessageService::dispatch_segment(Bytes bytes, int64_t limit) {
  const int64_t start = position_.load(std::memory_order_relaxed);
  int64_t done = 0;
  while (done < limit) {
    MessageView view;
    const RecordStatus found = parse_record(bytes.subspan(static_cast<size_t>(done)), CrcCheck::kNone, view);
    if (found == RecordStatus::kBlank) {
      done = static_cast<int64_t>(bytes.size());
    } else if (found == RecordStatus::kRecord) {
      if (Status status = dispatch_(make_dispatch_request(view, levels_)); !status.ok()) return status;
      done += static_cast<int64_t>(view.record.size());
      last_stored_.store(view.stored.value(), std::memory_order_release);
      last_record_.store(view.physical_offset.value(), std::memory_order_release);
    } else {
      return Status::error(Errc::kCorruption,
                           "commit-log offset " + std::to_string(start + done) + ": " + std::string(describe(found)));
    }
    position_.store(start + done, std::memory_order_release);
  }
  return {};
}

void ReputMessageService::run_task() {
  std::function<Status()> task;
  {
    MutexLock lock(mutex_);
    task = task_;
  }
  Status outcome;
  {
    MutexLock lock(dispatching_);
    outcome = task();
  }
  MutexLock lock(mutex_);
  task_outcome_ = std::move(outcome);
  task_ = nullptr;
  has_task_.store(false, std::memory_order_release);
  moved_.notify_all();
}

Status ReputMessageService::run_between(std::function<Status()> task) {
  constexpr std::chrono::milliseconds kLookAgain{1};
  if (background_ == Background::kSteps) {
    MutexLock lock(dispatching_);
    return task();
  }
  const auto over = [this] { return failed_.load() || stopping_.load(); };
  MutexLock lock(mutex_);
  while (task_ != nullptr && !over()) moved_.wait_for(mutex_, kLookAgain);
  if (over()) return failure_.ok() ? Status::error(Errc::kBusy, "the store is shutting down") : failure_;
  task_ = std::move(task);
  has_task_.store(true, std::memory_order_release);
  work_.notify_one();
  while (task_ != nullptr && !over()) moved_.wait_for(mutex_, kLookAgain);
  if (task_ == nullptr) return task_outcome_;
  return failure_.ok() ? Status::error(Errc::kBusy, "the store is shutting down") : failure_;
}

void ReputMessageService::judge(Status status) {
  if (status.ok() && !failed()) return;
  MutexLock lock(mutex_);
  if (over_.load()) return;  // the first one counts
  // Entering a record again changes nothing that is entered already: where the system had no room, memory or
  // descriptor it is simply tried again. What is wrong with the record or the queue stays so.
  over_.store(!status.ok() && status.code() == Errc::kCorruption);
  failure_ = std::move(status);
  failed_.store(!failure_.ok(), std::memory_order_release);
  moved_.notify_all();
}

Status ReputMessageService::failure() const {
  MutexLock lock(mutex_);
  return failure_;
}

Status ReputMessageService::wait_for(PhysicalOffset target, std::chrono::milliseconds limit) {
  const auto deadline = std::chrono::steady_clock::now() + limit;
  if (background_ == Background::kSteps) dispatch_all();
  MutexLock lock(mutex_);
  ++waiters_;
  Status outcome;
  while (position() < target && outcome.ok()) {
    work_.notify_one();
    moved_.wait_for(mutex_, std::chrono::milliseconds(1));
    if (!failure_.ok()) outcome = failure_;
    if (outcome.ok() && position() < target && std::chrono::steady_clock::now() > deadline) {
      outcome = Status::error(Errc::kTimedOut, "consume queues and index did not catch up with the log in time");
    }
  }
  --waiters_;
  return outcome;
}

void ReputMessageService::shutdown() {
  {
    MutexLock lock(mutex_);
    stopping_.store(true, std::memory_order_release);
    work_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
}

}  // namespace mqctl
