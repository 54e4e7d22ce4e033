// The one source of chance of a simulation: the same seed, the same run, on every machine (SplitMix64).
#pragma once

#include <cstdint>

namespace mqctl::sim {

class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}

  uint64_t next() {
    uint64_t z = state_ += 0x9E3779B97F4A7C15ull;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
    return z ^ (z >> 31);
  }
  // 0 to bound - 1. REQUIRES: bound > 0.
  uint64_t below(uint64_t bound) { return next() % bound; }
  int number(int low, int high) { return low + static_cast<int>(below(static_cast<uint64_t>(high - low) + 1)); }
  // True so many times of a hundred.
  bool percent(int share) { return static_cast<int>(below(100)) < share; }
  // A source of its own, so that one part's use does not shift another's.
  Random fork() { return Random(next()); }

 private:
  uint64_t state_;
};

}  // namespace mqctl::sim
