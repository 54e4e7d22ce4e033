#include "libstore/log/flush_rounds.h"

#include <thread>

#include "libstore/os/futex.h"

namespace mqctl {
namespace {

// A lone writer is back before a sleeping thread would have been woken; a disk that takes longer than this is slept
// over.
constexpr std::chrono::microseconds kSpin{100};

}  // namespace

bool FlushRounds::wait(uint32_t round, Deadline deadline) {
  Place& place = places_[round % kPlaces];
  const bool alone = place.waiting.fetch_add(1, std::memory_order_seq_cst) == 0;
  const bool done = (alone && spin(round)) || sleep(place, round, deadline);
  place.waiting.fetch_sub(1, std::memory_order_seq_cst);
  return done;
}

bool FlushRounds::spin(uint32_t round) const {
  const auto until = std::chrono::steady_clock::now() + kSpin;
  const std::atomic<int>& waiting = places_[round % kPlaces].waiting;
  while (!ended(round)) {
    if (waiting.load(std::memory_order_relaxed) > 1 || std::chrono::steady_clock::now() > until) return false;
    std::this_thread::yield();
  }
  return true;
}

bool FlushRounds::sleep(Place& place, uint32_t round, Deadline deadline) {
  while (true) {
    const uint32_t seen = place.word.load(std::memory_order_seq_cst);
    if (ended(round)) return true;
    const auto left = deadline - std::chrono::steady_clock::now();
    if (left <= std::chrono::nanoseconds::zero()) return false;
    futex_wait(place.word, seen, left);
    if (place.wake_others.load(std::memory_order_relaxed) && place.wake_others.exchange(false)) {
      futex_wake_all(place.word);
    }
  }
}

void FlushRounds::end(uint32_t round) {
  Place& place = places_[round % kPlaces];
  ended_.store(round, std::memory_order_seq_cst);
  place.word.fetch_add(1, std::memory_order_seq_cst);
  const int waiting = place.waiting.load(std::memory_order_seq_cst);
  if (waiting == 0) return;
  if (waiting > 1) place.wake_others.store(true, std::memory_order_seq_cst);
  futex_wake_one(place.word);
}

}  // namespace mqctl
