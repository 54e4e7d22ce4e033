// SlidingCount: what a growing count gained in the last minute, hour and day, from snapshots every ten seconds, ten
// minutes and hour (Apache: StatsItem). Before the first full window: since the start. Its owner locks.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>

namespace mqctl {

struct CountGain {
  uint64_t sum = 0;
  double per_second = 0;
};

class SlidingCount {
 public:
  static constexpr int64_t kSecond = 1000, kMinute = 60 * kSecond, kHour = 60 * kMinute, kDay = 24 * kHour;

  explicit SlidingCount(int64_t start_ms) : fine_{{start_ms, 0}}, middle_(fine_), coarse_(fine_) {}
  uint64_t total() const { return total_; }
  void add(uint64_t gained) { total_ += gained; }

  // Called every ten seconds.
  void sample(int64_t now_ms) {
    keep(fine_, now_ms, 10 * kSecond, 10 * kMinute);
    keep(middle_, now_ms, 10 * kMinute, kHour);
    keep(coarse_, now_ms, kHour, kDay);
  }

  CountGain last(int64_t window_ms, int64_t now_ms) const {
    const Ring& ring = window_ms <= 10 * kMinute ? fine_ : window_ms <= kHour ? middle_ : coarse_;
    const Snapshot* from = &ring.front();
    for (const Snapshot& each : ring) {
      if (each.at_ms <= now_ms - window_ms) from = &each;
    }
    const int64_t passed = std::max(kSecond, now_ms - from->at_ms);
    const uint64_t sum = total_ - from->total;
    return {sum, static_cast<double>(sum) * 1000 / static_cast<double>(passed)};
  }

 private:
  struct Snapshot {
    int64_t at_ms;
    uint64_t total;
  };
  using Ring = std::deque<Snapshot>;
  // The oldest one kept is at the window's beginning or before it. A clock that went back begins anew.
  void keep(Ring& ring, int64_t now_ms, int64_t every_ms, int64_t window_ms) const {
    if (now_ms < ring.back().at_ms) ring.clear();
    if (ring.empty() || now_ms - ring.back().at_ms >= every_ms - kSecond) ring.push_back({now_ms, total_});
    while (ring.size() > 1 && ring[1].at_ms <= now_ms - window_ms) ring.pop_front();
  }
  uint64_t total_ = 0;
  Ring fine_, middle_, coarse_;
};

}  // namespace mqctl
