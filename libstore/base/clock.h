// Clock: where store and broker take their time from, so that delay, retention and time-outs can be tested by turning a
// hand. Thread-safe.
#pragma once

#include <atomic>
#include <chrono>

#include "libstore/base/types.h"

namespace mqctl {

class Clock {
 public:
  virtual ~Clock() = default;
  // Wall time.
  virtual EpochMs now() const = 0;
  // Time that nobody sets: for how long something takes or lasts.
  using Steady = std::chrono::steady_clock::time_point;
  virtual Steady steady_now() const { return std::chrono::steady_clock::now(); }
};

// The machine's clock; one for the whole process.
const Clock& system_clock();

// A clock that stands still until it is told otherwise. Setting it is what an administrator does: steady time stays.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(EpochMs start) : now_ms_(start.value()) {}
  EpochMs now() const override { return EpochMs(now_ms_.load()); }
  Steady steady_now() const override { return Steady(std::chrono::milliseconds(passed_ms_.load())); }
  void advance_ms(int64_t delta) {
    now_ms_ += delta;
    passed_ms_ += delta;
  }
  void set(EpochMs time) { now_ms_ = time.value(); }

 private:
  std::atomic<int64_t> now_ms_, passed_ms_{0};
};

}  // namespace mqctl
