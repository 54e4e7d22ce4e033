#include "libstore/base/clock.h"

#include <chrono>

namespace mqctl {
namespace {

class SystemClock final : public Clock {
 public:
  EpochMs now() const override {
    const auto since_epoch = std::chrono::system_clock::now().time_since_epoch();
    return EpochMs(std::chrono::duration_cast<std::chrono::milliseconds>(since_epoch).count());
  }
};

}  // namespace

const Clock& system_clock() {
  static const SystemClock clock;
  return clock;
}

}  // namespace mqctl
