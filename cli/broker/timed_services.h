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
  TimedServices() = default;
  ~TimedServices() { stop(); }
  // Before start().
  void every(std::chrono::milliseconds interval, Task task) {
    services_.push_back({interval, std::chrono::steady_clock::now() + interval, std::move(task)});
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
    std::chrono::milliseconds interval;
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
      first->next = std::chrono::steady_clock::now() + first->interval;
    }
  }
  std::vector<Service> services_;
  Mutex mutex_;
  CondVar wake_;
  bool stopping_ GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace mqctl
