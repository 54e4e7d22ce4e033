#include "cli/remoting/executor.h"

#include <utility>

namespace mqctl {

Executor::Executor(std::string name, ExecutorOptions options) : name_(std::move(name)), options_(options) {
  for (int i = 0; i < options_.threads; ++i) threads_.emplace_back([this] { run(); });
}

Executor::~Executor() { shutdown(); }

bool Executor::submit(Task task) {
  if (runs_inline()) {
    task.run();
    return true;
  }
  std::deque<Queued> expired;
  bool taken = false;
  size_t left = 0;
  {
    MutexLock lock(mutex_);
    while (!queue_.empty() && late(queue_.front())) {
      expired.push_back(std::move(queue_.front()));
      queue_.pop_front();
    }
    taken = !stopping_ && queue_.size() < options_.capacity;
    if (taken) queue_.push_back({std::move(task), Clock::now()});
    left = queue_.size();
  }
  if (taken) work_.notify_one();
  for (const Queued& each : expired) each.task.expire(each.waited(), left);
  return taken;
}

size_t Executor::queued() const {
  MutexLock lock(mutex_);
  return queue_.size();
}

Executor::Millis Executor::head_wait() const {
  MutexLock lock(mutex_);
  return queue_.empty() ? Millis(0) : queue_.front().waited();
}

void Executor::shutdown() {
  {
    MutexLock lock(mutex_);
    stopping_ = true;
  }
  work_.notify_all();
  for (std::thread& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
}

void Executor::run() {
  while (true) {
    Queued next;
    size_t left = 0;
    {
      MutexLock lock(mutex_);
      while (queue_.empty() && !stopping_) work_.wait(mutex_);
      if (queue_.empty()) return;
      next = std::move(queue_.front());
      queue_.pop_front();
      left = queue_.size();
    }
    if (late(next)) {
      next.task.expire(next.waited(), left);
    } else {
      next.task.run();
    }
  }
}

}  // namespace mqctl
