// Wire: one connection of the simulated network: bytes on their way in both directions. TCP's promises hold: nothing is
// reordered or doubled within a direction, and what a lost connection still delivers is a beginning of what was sent.
#pragma once

#include <string>

#include "tests/sim/random.h"

namespace mqctl::sim {

struct Wire {
  std::string to_broker, to_client;
  bool lost = false;  // nothing is sent any more; what is on its way may still come

  void send_to_broker(std::string_view bytes) {
    if (!lost) to_broker += bytes;
  }
  void send_to_client(std::string_view bytes) {
    if (!lost) to_client += bytes;
  }
  // At any byte, in each direction another one.
  void lose(Random& random) {
    lost = true;
    for (std::string* bytes : {&to_broker, &to_client}) {
      if (random.percent(50)) bytes->resize(random.below(bytes->size() + 1));
    }
  }
  // What arrives next: a frame, a part of one, or several.
  static std::string take(std::string& bytes, Random& random) {
    const size_t count = random.percent(60) ? bytes.size() : 1 + random.below(bytes.size());
    std::string taken = bytes.substr(0, count);
    bytes.erase(0, count);
    return taken;
  }
};

}  // namespace mqctl::sim
