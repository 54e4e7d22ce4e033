// PullRequestHold: pulls that found nothing and wait for a message or for their time (Apache: PullRequestHoldService).
// A pull is woken by the message that it waits for, never by polling. Thread-safe.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "cli/broker/subscription_data.h"
#include "cli/remoting/channel.h"
#include "libstore/base/mutex.h"
#include "libstore/index/dispatch_request.h"

namespace mqctl {

struct ParkedPull {
  RequestPtr request;
  int64_t offset = 0;  // it has seen everything before this one
  SubscriptionData subscription;
};

class PullRequestHold {
 public:
  // Answers the pull for good, on whatever thread.
  using Resume = std::function<void(ParkedPull pull)>;
  void on_resume(Resume resume) { resume_ = std::move(resume); }

  // A number to take it back by.
  uint64_t park(const std::string& topic, int32_t queue, ParkedPull pull) EXCLUDES(mutex_);
  // Its time is over, or it must be looked at again. Nothing where it has been answered.
  void release(const std::string& topic, int32_t queue, uint64_t number) EXCLUDES(mutex_);
  void arrived(const DispatchRequest& message) EXCLUDES(mutex_);
  void release_all() EXCLUDES(mutex_);
  size_t parked() const { return count_.load(std::memory_order_relaxed); }

 private:
  using Key = std::pair<std::string, int32_t>;
  using Parked = std::map<uint64_t, ParkedPull>;
  Resume resume_;
  std::atomic<size_t> count_{
      0};  // seq_cst: who parks looks at the queue after counting, who dispatches the other way round
  Mutex mutex_;
  std::map<Key, Parked> pulls_ GUARDED_BY(mutex_);
  uint64_t next_ GUARDED_BY(mutex_) = 1;
};

}  // namespace mqctl
