#include "libstore/log/flush_service.h"

#include <algorithm>

namespace mqctl {
namespace {

constexpr std::chrono::microseconds kLinger{50}, kGather{500};

Status shutting_down() { return Status::error(Errc::kBusy, "the store is shutting down"); }

}  // namespace

FlushService::FlushService(MappedFileQueue& queue, FlushOptions options)
    : queue_(queue), options_(options), waits_(options.sync_limit, options.background) {
  if (options_.background == Background::kThreads) thread_ = std::thread([this] { run(); });
}

FlushService::~FlushService() {
  (void)shutdown();  // the owner that wants the answer has called it before
}

void FlushService::run() {
  while (!stopping_.load()) {
    await_work();
    gather();
    if (asked_.exchange(false) || options_.mode == FlushMode::kAsync) flush_once();
  }
  finish();
}

void FlushService::finish() {
  flush_once();
  finished_.store(true);
  rounds_.end(rounds_.begin());  // for who came during the last flush
  waits_.settle(queue_.flushed_where(), shutting_down());
}

void FlushService::gather() const {
  const uint32_t round = rounds_.next();
  const auto until = std::chrono::steady_clock::now() + std::min<std::chrono::steady_clock::duration>(took_, kGather);
  while (rounds_.waiting(round) < crowd_ && !stopping_.load() && std::chrono::steady_clock::now() < until) {
    std::this_thread::yield();
  }
}

void FlushService::await_work() {
  if (has_work()) return;
  if (options_.mode == FlushMode::kSync) {
    const auto until = std::chrono::steady_clock::now() + kLinger;
    while (!has_work() && std::chrono::steady_clock::now() < until) std::this_thread::yield();
  }
  MutexLock lock(mutex_);
  sleeping_.store(true);
  if (!has_work()) {
    if (options_.mode == FlushMode::kAsync) {
      work_.wait_for(mutex_, options_.interval);
    } else {
      work_.wait(mutex_);
    }
  }
  sleeping_.store(false);
}

// Either the thread sees that it is asked before it sleeps, or it is seen sleeping here.
void FlushService::ask() {
  if (options_.background == Background::kSteps) return flush_once();
  asked_.store(true);
  if (!sleeping_.load()) return;
  MutexLock lock(mutex_);
  work_.notify_one();
}

// Whoever asks while the disk is busy is served by the next round: that is the group.
void FlushService::flush_once() {
  const uint32_t round = rounds_.begin();
  const auto begin = std::chrono::steady_clock::now();
  const int64_t before = queue_.flushed_where();
  Status status = queue_.flush();
  took_ = std::chrono::steady_clock::now() - begin;
  if (queue_.flushed_where() > before) latency_.add(took_);
  if (!status.ok() && !failed_.load()) {
    MutexLock lock(mutex_);
    failure_ = std::move(status);
    failed_.store(true);
  }
  crowd_ = rounds_.waiting(round) + rounds_.waiting(round + 1);
  rounds_.end(round);
  waits_.settle(queue_.flushed_where(), failure());
}

Status FlushService::failure() const {
  MutexLock lock(mutex_);
  return failure_;
}

Status FlushService::wait_flushed(PhysicalOffset end) {
  const auto deadline = std::chrono::steady_clock::now() + options_.sync_limit;
  while (queue_.flushed_where() < end.value()) {
    if (failed_.load()) return failure();
    const uint32_t round = rounds_.next();  // before the look at finished_: the last round ends after it was set
    if (finished_.load()) return shutting_down();
    ask();
    if (options_.background == Background::kSteps) continue;
    if (!rounds_.wait(round, deadline)) return flush_took_too_long();
  }
  return failed_.load() ? failure() : Status();
}

// Registered first, then looked: the last flush settles what it finds, and who comes after it settles himself.
void FlushService::when_flushed(PhysicalOffset end, FlushWaits::Done done) {
  waits_.add(end.value(), std::move(done));
  if (finished_.load()) waits_.settle(queue_.flushed_where(), shutting_down());
}

void FlushService::ask_for_waits() {
  if (!waits_.empty()) ask();
}

Status FlushService::shutdown() {
  if (!stopping_.exchange(true)) {
    {
      MutexLock lock(mutex_);
      work_.notify_all();
    }
    if (thread_.joinable()) {
      thread_.join();
    } else {
      finish();
    }
  }
  return failure();
}

}  // namespace mqctl
