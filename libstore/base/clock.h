// Clock: where the store takes its time from, so that delay, retention and time-outs can be tested by turning a hand.
#pragma once

#include <atomic>

#include "libstore/base/types.h"

namespace mqctl {

class Clock {
 public:
  virtual ~Clock() = default;
  // Wall time. Thread-safe.
  virtual EpochMs now() const = 0;
};

// The machine's clock; one for the whole process.
const Clock& system_clock();

// A clock that stands still until it is told otherwise. Thread-safe.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(EpochMs start) : now_ms_(start.value()) {}
  EpochMs now() const override { return EpochMs(now_ms_.load()); }
  void advance_ms(int64_t delta) { now_ms_ += delta; }
  void set(EpochMs time) { now_ms_ = time.value(); }

 private:
  std::atomic<int64_t> now_ms_;
};

}  // namespace mqctl
