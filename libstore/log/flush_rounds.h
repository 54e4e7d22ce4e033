// FlushRounds: a crowd that waits for the next flush (Apache: the two lists of GroupCommitService).
//
// A flush is a round. Who has bytes to be flushed waits for the first round that begins after he came; the one who
// flushes says begin() and end(). Ending a round costs the flusher one wake-up, however many wait: the first that wakes
// wakes the others. Thread-safe; begin() and end() by one thread.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>

namespace mqctl {

class FlushRounds {
 public:
  using Deadline = std::chrono::steady_clock::time_point;

  // The round that covers everything written before the call.
  uint32_t next() const { return begun_.load(std::memory_order_seq_cst) + 1; }
  // Waits for its end; false when the time ran out first.
  bool wait(uint32_t round, Deadline deadline);

  // How many wait for the round.
  int waiting(uint32_t round) const { return places_[round % kPlaces].waiting.load(std::memory_order_relaxed); }

  uint32_t begin() { return begun_.fetch_add(1, std::memory_order_seq_cst) + 1; }
  void end(uint32_t round);

 private:
  // Rounds share places by number: a waiter that a later round's end wakes looks again and sleeps on.
  struct Place {
    std::atomic<uint32_t> word{0};  // changes with each end
    std::atomic<int> waiting{0};
    std::atomic<bool> wake_others{false};  // the first to wake does it
  };
  static constexpr size_t kPlaces = 4;

  bool ended(uint32_t round) const { return static_cast<int32_t>(ended_.load(std::memory_order_seq_cst) - round) >= 0; }
  bool spin(uint32_t round) const;
  bool sleep(Place& place, uint32_t round, Deadline deadline);

  std::atomic<uint32_t> begun_{0}, ended_{0};
  std::array<Place, kPlaces> places_;
};

}  // namespace mqctl
