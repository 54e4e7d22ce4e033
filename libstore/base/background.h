// Background: who does the work of a service that usually has a thread of its own.
#pragma once

#include <cstdint>

namespace mqctl {

enum class Background : uint8_t {
  kThreads,
  // No thread is started: who waits for work does it himself, and the owner's steps do what a thread would have done by
  // then. The same calls then make the same accesses to the disk in the same order: for simulations (tests/sim).
  kSteps,
};

}  // namespace mqctl
