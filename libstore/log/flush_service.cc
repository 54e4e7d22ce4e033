#include "libstore/log/flush_service.h"

namespace mqctl {

FlushService::FlushService(MappedFileQueue& queue, FlushOptions options)
    : queue_(queue), options_(options), thread_([this] { run(); }) {}

FlushService::~FlushService() {
  (void)shutdown();  // the owner that wants the answer has called it before
}

void FlushService::run() {
  MutexLock lock(mutex_);
  while (!stopping_) {
    if (!wanted_) {
      if (options_.mode == FlushMode::kAsync) {
        work_.wait_for(mutex_, options_.interval);
      } else {
        work_.wait(mutex_);
      }
    }
    if (wanted_ || options_.mode == FlushMode::kAsync) flush_once();
  }
  flush_once();
  finished_ = true;
  flushed_.notify_all();
}

// Whoever asks while the disk is busy is served by the next round: that is the group.
void FlushService::flush_once() {
  wanted_ = false;
  mutex_.unlock();
  const auto begin = std::chrono::steady_clock::now();
  const int64_t before = queue_.flushed_where();
  Status status = queue_.flush();
  if (queue_.flushed_where() > before) latency_.add(std::chrono::steady_clock::now() - begin);
  mutex_.lock();
  if (!status.ok() && failure_.ok()) failure_ = status;
  flushed_.notify_all();
}

Status FlushService::wait_flushed(PhysicalOffset end) {
  const auto deadline = std::chrono::steady_clock::now() + options_.sync_limit;
  MutexLock lock(mutex_);
  while (queue_.flushed_where() < end.value()) {
    if (!failure_.ok()) return failure_;
    if (finished_) return Status::error(Errc::kBusy, "the store is shutting down");
    const auto left = deadline - std::chrono::steady_clock::now();
    if (left <= std::chrono::nanoseconds::zero()) {
      return Status::error(Errc::kTimedOut, "the flush took longer than the limit; the message is stored");
    }
    wanted_ = true;
    work_.notify_one();
    flushed_.wait_for(mutex_, left);
  }
  return failure_;
}

void FlushService::wake() {
  MutexLock lock(mutex_);
  wanted_ = true;
  work_.notify_one();
}

Status FlushService::shutdown() {
  {
    MutexLock lock(mutex_);
    if (stopping_) return failure_;
    stopping_ = true;
    work_.notify_all();
  }
  thread_.join();
  MutexLock lock(mutex_);
  return failure_;
}

}  // namespace mqctl
