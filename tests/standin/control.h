// What a test tells a program that runs under the stand-in, while it runs: a page of a file that both have mapped.
// tests/crash/standin.py writes the same fields.
#pragma once

#include <atomic>
#include <cstdint>

namespace standin {

enum class Call : uint8_t { kSync, kWrite, kAllocate, kOpen };
inline constexpr int kCalls = 4;

struct Control {
  std::atomic<int32_t> fail_with[kCalls];  // errno that calls of the kind fail with; 0: they do not
  std::atomic<int32_t> failed[kCalls];     // how many did
  std::atomic<int64_t> realtime_shift_ns;  // what the clock of the day is wrong by
  std::atomic<int64_t> power_off_after;    // changes of the disk until the power fails; 0: it does not
  std::atomic<int64_t> changes;            // of the disk, so far
};
static_assert(sizeof(Control) == 56);

// The page that MQCTL_STANDIN_CONTROL names; one that says nothing where there is none.
Control& control();

// Counts a change of the disk; the power fails here if it is its turn.
void count_change();

}  // namespace standin
