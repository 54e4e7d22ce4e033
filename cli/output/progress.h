// Progress: one line on standard error that is written over: bytes done, rate, time left. Only on a terminal, only
// after a second, at most ten times a second; gone when the object is.
//
// Not synchronised.
#pragma once

#include <chrono>
#include <cstdint>

namespace mqctl {

class Progress {
 public:
  explicit Progress(bool wanted);  // false: stays silent, terminal or not
  ~Progress() { clear(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // `total` 0: unknown.
  void update(uint64_t done, uint64_t total);
  // Takes the line away, so that something else can be written.
  void clear();

 private:
  using SteadyTime = std::chrono::steady_clock::time_point;
  const bool active_;
  const SteadyTime started_;
  SteadyTime next_;
  bool shown_ = false;
};

}  // namespace mqctl
