// What befalls a disk by chance, fewer than `within` calls from now. Both simulations have it.
#pragma once

#include "tests/sim/random.h"
#include "tests/sim/simulated_disk.h"

namespace mqctl::sim {

inline Cut any_cut(Random& random) { return random.percent(60) ? Cut::kPower : Cut::kKill; }

inline Cut cut_soon(SimulatedDisk& disk, Random& random, uint64_t within) {
  const Cut cut = any_cut(random);
  disk.cut_at(random.below(within), cut);
  return cut;
}

// One call mostly, or some in a row.
inline void fail_soon(SimulatedDisk& disk, Random& random, uint64_t within) {
  const auto fault = static_cast<Fault>(random.below(4));
  disk.fail_at(random.below(within), fault, random.percent(70) ? 1 : random.number(2, 20));
}

}  // namespace mqctl::sim
