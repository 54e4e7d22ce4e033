#include "cli/remoting/executor.h"

#include <algorithm>
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
      expired.push_back(pop());
    }
    taken = !stopping_ && has_room(task.bytes);
    if (taken) push(std::move(task));
    left = queue_.size();
  }
  if (taken) work_.notify_one();
  for (const Queued& each : expired) each.task.expire(each.waited(), left);
  return taken;
}

void Executor::push(Task task) {
  queued_bytes_ += task.bytes;
  queue_.push_back({std::move(task), Clock::now()});
}

Executor::Queued Executor::pop() {
  Queued first = std::move(queue_.front());
  queue_.pop_front();
  queued_bytes_ -= first.task.bytes;
  return first;
}

size_t Executor::queued() const {
  MutexLock lock(mutex_);
  return queue_.size();
}

Executor::Millis Executor::head_wait() const {
  MutexLock lock(mutex_);
  return queue_.empty() ? Millis(0) : queue_.front().waited();
}

void Executor::stop(Clock::time_point until) {
  {
    MutexLock lock(mutex_);
    stopping_ = true;
    until_ = std::min(until_, until);
  }
  work_.notify_all();
}

void Executor::shutdown(Clock::time_point until) {
  stop(until);
  for (std::thread& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
}

void Executor::run() {
  while (true) {
    Queued next;
    size_t left = 0;
    bool too_late = false;
    {
      MutexLock lock(mutex_);
      while (queue_.empty() && !stopping_) work_.wait(mutex_);
      if (queue_.empty()) return;
      next = pop();
      left = queue_.size();
      too_late = late(next);
    }
    if (too_late) {
      next.task.expire(next.waited(), left);
    } else {
      next.task.run();
    }
  }
}

}  // namespace mqctl
