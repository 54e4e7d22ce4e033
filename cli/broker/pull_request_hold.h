// PullRequestHold: pulls that found nothing and wait for a message or for their time (Apache: PullRequestHoldService).
// A pull is woken by the message that it waits for or by its own time, never by polling; answered, nothing of it stays.
// Thread-safe. Not started, it has no thread, and the owner lets go of what is due by release_due().
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "cli/broker/subscription_data.h"
#include "cli/remoting/channel.h"
#include "libstore/base/clock.h"
#include "libstore/base/mutex.h"
#include "libstore/index/dispatch_request.h"

namespace mqctl {

struct ParkedPull {
  RequestPtr request;
  int64_t offset = 0;  // it has seen everything before this one
  SubscriptionData subscription;
  bool at_once = false;  // one of few that a message wakes: who put it can send their answers himself
};

class PullRequestHold {
 public:
  using Millis = std::chrono::milliseconds;
  explicit PullRequestHold(const Clock& clock) : clock_(clock) {}
  ~PullRequestHold() { stop(); }

  // Answers the pull for good, on whatever thread.
  using Resume = std::function<void(ParkedPull pull)>;
  void on_resume(Resume resume) { resume_ = std::move(resume); }

  void start();
  void stop() EXCLUDES(mutex_);

  // What pulls may hold, by their frames and what is kept beside each: those of one connection, and all. Some 20,000
  // usual ones, and 160,000.
  static constexpr size_t kMostBytesOfChannel = 32u << 20, kMostBytes = 256u << 20;

  // A number to take it back by; none, and the pull is not kept, where too much is parked already.
  std::optional<uint64_t> park(const std::string& topic, int32_t queue, ParkedPull pull, Millis limit) EXCLUDES(mutex_);
  // It must be looked at again. Nothing where it has been answered.
  void release(uint64_t number) EXCLUDES(mutex_);
  void arrived(const DispatchRequest& message) EXCLUDES(mutex_);
  void remove_channel(uint64_t channel_id) EXCLUDES(mutex_);
  void release_all() EXCLUDES(mutex_);
  // Those whose time is over.
  void release_due() EXCLUDES(mutex_);
  size_t parked() const { return count_.load(std::memory_order_relaxed); }

 private:
  using Key = std::pair<std::string, int32_t>;
  struct Parked {
    Key key;
    ParkedPull pull;
    Clock::Steady until;
    size_t bytes;
    uint64_t channel() const { return pull.request->channel->id(); }
  };
  struct Share {
    std::set<uint64_t> numbers;
    size_t bytes = 0;
  };
  bool has_room(const Parked& parked) const REQUIRES(mutex_);
  // Out of every table.
  ParkedPull take(uint64_t number) REQUIRES(mutex_);
  std::vector<ParkedPull> take_due() REQUIRES(mutex_);
  void run() EXCLUDES(mutex_);

  const Clock& clock_;
  Resume resume_;
  // seq_cst: who parks looks at the queue after counting, who dispatches the other way round.
  std::atomic<size_t> count_{0};
  Mutex mutex_;
  CondVar sooner_;
  std::unordered_map<uint64_t, Parked> pulls_ GUARDED_BY(mutex_);
  std::map<Key, std::set<uint64_t>> of_queue_ GUARDED_BY(mutex_);
  std::unordered_map<uint64_t, Share> of_channel_ GUARDED_BY(mutex_);
  std::set<std::pair<Clock::Steady, uint64_t>> by_time_ GUARDED_BY(mutex_);
  size_t bytes_ GUARDED_BY(mutex_) = 0;
  uint64_t next_ GUARDED_BY(mutex_) = 1;
  bool stopping_ GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace mqctl
