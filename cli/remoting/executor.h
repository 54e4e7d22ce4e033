// Executor: the threads that work off one kind of requests, behind a bounded queue (Apache: sendMessageExecutor and its
// like, with BrokerFastFailure). Without threads of its own the caller's does the work at once. Thread-safe.
#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "libstore/base/mutex.h"

namespace mqctl {

struct ExecutorOptions {
  int threads = 0;
  size_t capacity = 10000;
  size_t capacity_bytes = 64u << 20;          // of all that wait; the first may be larger
  std::chrono::milliseconds longest_wait{0};  // in the queue; 0: any
};

class Executor {
 public:
  using Millis = std::chrono::milliseconds;
  using Clock = std::chrono::steady_clock;
  struct Task {
    std::function<void()> run;
    std::function<void(Millis waited, size_t queued)> expire;  // instead, where it waited too long
    size_t bytes = 0;                                          // that it keeps while it waits
  };
  Executor(std::string name, ExecutorOptions options);
  ~Executor();

  const std::string& name() const { return name_; }
  bool runs_inline() const { return threads_.empty(); }
  // False where the queue is full: the request is to be answered SYSTEM_BUSY. Tasks that waited too long go first.
  bool submit(Task task) EXCLUDES(mutex_);
  size_t queued() const EXCLUDES(mutex_);
  Millis head_wait() const EXCLUDES(mutex_);
  size_t capacity() const { return options_.capacity; }
  // Takes no more, and works off what is queued until the time is over: what waits then has waited too long.
  void stop(Clock::time_point until = Clock::time_point::max()) EXCLUDES(mutex_);
  // That, and ends. Idempotent.
  void shutdown(Clock::time_point until = Clock::time_point::max()) EXCLUDES(mutex_);

 private:
  struct Queued {
    Task task;
    Clock::time_point since;
    Millis waited() const { return std::chrono::duration_cast<Millis>(Clock::now() - since); }
  };
  bool late(const Queued& queued) const REQUIRES(mutex_) {
    if (Clock::now() >= until_) return true;
    return options_.longest_wait.count() > 0 && queued.waited() > options_.longest_wait;
  }
  bool has_room(size_t bytes) const REQUIRES(mutex_) {
    if (queue_.empty()) return true;
    return queue_.size() < options_.capacity && queued_bytes_ + bytes <= options_.capacity_bytes;
  }
  void push(Task task) REQUIRES(mutex_);
  Queued pop() REQUIRES(mutex_);
  void run() EXCLUDES(mutex_);
  const std::string name_;
  const ExecutorOptions options_;
  mutable Mutex mutex_;
  CondVar work_;
  std::deque<Queued> queue_ GUARDED_BY(mutex_);
  size_t queued_bytes_ GUARDED_BY(mutex_) = 0;
  bool stopping_ GUARDED_BY(mutex_) = false;
  Clock::time_point until_ GUARDED_BY(mutex_) = Clock::time_point::max();
  std::vector<std::thread> threads_;
};

}  // namespace mqctl
