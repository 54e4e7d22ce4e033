// PendingSends: how many sends wait for the disk without a thread, and when none does. Thread-safe.
#pragma once

#include <chrono>
#include <cstddef>

#include "libstore/base/mutex.h"

namespace mqctl {

class PendingSends {
 public:
  explicit PendingSends(size_t most) : most_(most) {}
  // False where there are too many. Otherwise leave() once.
  bool enter() EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    if (count_ == most_) return false;
    ++count_;
    return true;
  }
  void leave() EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    if (--count_ == 0) none_.notify_all();
  }
  // Each is answered, or the time is over.
  void wait_for_none(std::chrono::milliseconds limit) EXCLUDES(mutex_) {
    const auto until = std::chrono::steady_clock::now() + limit;
    MutexLock lock(mutex_);
    while (count_ > 0 && std::chrono::steady_clock::now() < until) {
      none_.wait_for(mutex_, until - std::chrono::steady_clock::now());
    }
  }

 private:
  const size_t most_;
  Mutex mutex_;
  CondVar none_;
  size_t count_ GUARDED_BY(mutex_) = 0;
};

}  // namespace mqctl
