// LatencyHistogram: how long something took, counted in buckets that double from 1 us to 16 s. Counting is one relaxed
// increment and one addition; thread-safe. A snapshot taken beside writers may miss what is being counted.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <chrono>
#include <cstdint>

namespace mqctl {

class LatencyHistogram {
 public:
  static constexpr size_t kBuckets = 25;  // bucket i: up to 2^i us; longer ones are only in `count`
  struct Snapshot {
    std::array<uint64_t, kBuckets> buckets{};
    uint64_t count = 0;
    double seconds = 0;  // of all together
  };

  void add(std::chrono::nanoseconds time) {
    const auto nanos = static_cast<uint64_t>(std::max<int64_t>(0, time.count()));
    const uint64_t micros = (nanos + 999) / 1000;
    const size_t bucket = micros <= 1 ? 0 : static_cast<size_t>(std::bit_width(micros - 1));
    counts_[std::min(bucket, kBuckets)].fetch_add(1, std::memory_order_relaxed);
    nanos_.fetch_add(nanos, std::memory_order_relaxed);
  }

  Snapshot snapshot() const {
    Snapshot now;
    for (size_t i = 0; i <= kBuckets; ++i) {
      const uint64_t count = counts_[i].load(std::memory_order_relaxed);
      if (i < kBuckets) now.buckets[i] = count;
      now.count += count;
    }
    now.seconds = static_cast<double>(nanos_.load(std::memory_order_relaxed)) / 1e9;
    return now;
  }

 private:
  std::array<std::atomic<uint64_t>, kBuckets + 1> counts_{};
  std::atomic<uint64_t> nanos_{0};
};

}  // namespace mqctl
