// TimedServices: one thread that does small things again and again (Apache: scheduledExecutorService). Thread-safe.
#pragma once

#include <chrono>
#include <functional>
#include <thread>
#include <vector>

#include "libstore/base/mutex.h"

namespace mqctl {

class TimedServices {
 public:
  using Task = std::function<void()>;
  using Interval = std::function<std::chrono::milliseconds()>;  // asked after each run
  TimedServices() = default;
  ~TimedServices() { stop(); }
  // Before start().
  void every(Interval interval, Task task) {
    const auto first = std::chrono::steady_clock::now() + interval();
    services_.push_back({std::move(interval), first, std::move(task)});
  }
  void every(std::chrono::milliseconds interval, Task task) {
    every([interval] { return interval; }, std::move(task));
  }
  void start() {
    thread_ = std::thread([this] { run(); });
  }
  void stop() {
    {
      MutexLock lock(mutex_);
      stopping_ = true;
    }
    wake_.notify_all();
    if (thread_.joinable()) thread_.join();
  }

 private:
  struct Service {
    Interval interval;
    std::chrono::steady_clock::time_point next;
    Task task;
  };
  void run() {
    while (!services_.empty()) {
      Service* first = &services_.front();
      for (Service& service : services_) {
        if (service.next < first->next) first = &service;
      }
      {
        MutexLock lock(mutex_);
        while (!stopping_ && std::chrono::steady_clock::now() < first->next) {
          wake_.wait_for(mutex_, first->next - std::chrono::steady_clock::now());
        }
        if (stopping_) return;
      }
      first->task();
      first->next = std::chrono::steady_clock::now() + first->interval();
    }
  }
  std::vector<Service> services_;
  Mutex mutex_;
  CondVar wake_;
  bool stopping_ GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace mqctl
