// PutMessageLock: the one lock that orders appends, in Apache's two forms: spin (PutMessageSpinLock) and mutex
// (PutMessageReentrantLock; Apache's default, `useReentrantLockWhenPutMessage`). Neither is re-entered by libstore.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "libstore/base/mutex.h"

namespace mqctl {

enum class PutLockKind : uint8_t { kSpin, kMutex };

class CAPABILITY("mutex") PutMessageLock {
 public:
  virtual ~PutMessageLock() = default;
  virtual void lock() ACQUIRE() = 0;
  virtual void unlock() RELEASE() = 0;
};

std::unique_ptr<PutMessageLock> make_put_message_lock(PutLockKind kind);

class SCOPED_CAPABILITY PutLockGuard {
 public:
  explicit PutLockGuard(PutMessageLock& lock) ACQUIRE(lock) : lock_(lock) { lock_.lock(); }
  ~PutLockGuard() RELEASE() { lock_.unlock(); }
  PutLockGuard(const PutLockGuard&) = delete;
  PutLockGuard& operator=(const PutLockGuard&) = delete;

 private:
  PutMessageLock& lock_;
};

}  // namespace mqctl
