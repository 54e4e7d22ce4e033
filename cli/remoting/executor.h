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
  std::chrono::milliseconds longest_wait{0};  // in the queue; 0: any
};

class Executor {
 public:
  using Millis = std::chrono::milliseconds;
  struct Task {
    std::function<void()> run;
    std::function<void(Millis waited, size_t queued)> expire;  // instead, where it waited too long
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
  // Works off what is queued, and ends. Idempotent.
  void shutdown() EXCLUDES(mutex_);

 private:
  using Clock = std::chrono::steady_clock;
  struct Queued {
    Task task;
    Clock::time_point since;
    Millis waited() const { return std::chrono::duration_cast<Millis>(Clock::now() - since); }
  };
  bool late(const Queued& queued) const {
    return options_.longest_wait.count() > 0 && queued.waited() > options_.longest_wait;
  }
  void run() EXCLUDES(mutex_);
  const std::string name_;
  const ExecutorOptions options_;
  mutable Mutex mutex_;
  CondVar work_;
  std::deque<Queued> queue_ GUARDED_BY(mutex_);
  bool stopping_ GUARDED_BY(mutex_) = false;
  std::vector<std::thread> threads_;
};

}  // namespace mqctl
