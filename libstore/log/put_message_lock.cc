#include "libstore/log/put_message_lock.h"

#include <sched.h>

namespace mqctl {
namespace {

// Short holds are waited out on the processor; a holder that was descheduled is not, or two cores would burn one.
class CAPABILITY("mutex") SpinLock final : public PutMessageLock {
 public:
  void lock() ACQUIRE() override {
    int spins = 0;
    while (taken_.exchange(true, std::memory_order_acquire)) {
      while (taken_.load(std::memory_order_relaxed)) {
        if (++spins % kSpinsBeforeYield == 0) {
          sched_yield();
        } else {
          __builtin_ia32_pause();
        }
      }
    }
  }
  void unlock() RELEASE() override { taken_.store(false, std::memory_order_release); }

 private:
  static constexpr int kSpinsBeforeYield = 256;
  std::atomic<bool> taken_{false};
};

class CAPABILITY("mutex") MutexForm final : public PutMessageLock {
 public:
  void lock() ACQUIRE() override { mutex_.lock(); }
  void unlock() RELEASE() override { mutex_.unlock(); }

 private:
  Mutex mutex_;
};

}  // namespace

std::unique_ptr<PutMessageLock> make_put_message_lock(PutLockKind kind) {
  if (kind == PutLockKind::kSpin) return std::make_unique<SpinLock>();
  return std::make_unique<MutexForm>();
}

}  // namespace mqctl
