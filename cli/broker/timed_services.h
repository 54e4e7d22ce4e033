// TimedServices: one thread that does small things again and again (Apache: scheduledExecutorService). Thread-safe. Not
// started, it has no thread, and the owner does what is due by run_due().
#pragma once

#include <chrono>
#include <functional>
#include <thread>
#include <vector>

#include "libstore/base/clock.h"
#include "libstore/base/mutex.h"

namespace mqctl {

class TimedServices {
 public:
  using Task = std::function<void()>;
  using Interval = std::function<std::chrono::milliseconds()>;  // asked after each run
  explicit TimedServices(const Clock& clock) : clock_(clock) {}
  ~TimedServices() { stop(); }
  // Before start().
  void every(Interval interval, Task task) {
    const Clock::Steady first = clock_.steady_now() + interval();
    services_.push_back({std::move(interval), first, std::move(task)});
  }
  void every(std::chrono::milliseconds interval, Task task) {
    every([interval] { return interval; }, std::move(task));
  }
  void start() {
    thread_ = std::thread([this] { run(); });
  }
  void run_due() {
    for (Service& service : services_) {
      if (service.next <= clock_.steady_now()) run_one(service);
    }
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
    Clock::Steady next;
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
        while (!stopping_ && clock_.steady_now() < first->next) {
          wake_.wait_for(mutex_, first->next - clock_.steady_now());
        }
        if (stopping_) return;
      }
      run_one(*first);
    }
  }
  void run_one(Service& service) {
    service.task();
    service.next = clock_.steady_now() + service.interval();
  }
  const Clock& clock_;
  std::vector<Service> services_;
  Mutex mutex_;
  CondVar wake_;
  bool stopping_ GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace mqctl
