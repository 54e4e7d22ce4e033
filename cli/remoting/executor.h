// Executor: the threads that work off one kind of requests, behind a bounded queue (Apache: sendMessageExecutor and its
// like). Without threads of its own the caller's does the work at once. Thread-safe.
#pragma once

#include <deque>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "libstore/base/mutex.h"

namespace mqctl {

class Executor {
 public:
  using Task = std::function<void()>;
  Executor(std::string name, int threads, size_t capacity);
  ~Executor();

  const std::string& name() const { return name_; }
  bool runs_inline() const { return threads_.empty(); }
  // False where the queue is full: the request is to be answered SYSTEM_BUSY.
  bool submit(Task task) EXCLUDES(mutex_);
  size_t queued() const EXCLUDES(mutex_);
  size_t capacity() const { return capacity_; }
  // Works off what is queued, and ends. Idempotent.
  void shutdown() EXCLUDES(mutex_);

 private:
  void run() EXCLUDES(mutex_);
  const std::string name_;
  const size_t capacity_;
  mutable Mutex mutex_;
  CondVar work_;
  std::deque<Task> queue_ GUARDED_BY(mutex_);
  bool stopping_ GUARDED_BY(mutex_) = false;
  std::vector<std::thread> threads_;
};

}  // namespace mqctl
