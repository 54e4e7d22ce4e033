// RebalanceLockManager: which client may consume which queue in order (Apache: RebalanceLockManager). A lock that is
// not renewed for lock_max_live is free for anyone. Thread-safe.
#pragma once

#include <chrono>
#include <map>
#include <string>
#include <tuple>

#include "libstore/base/clock.h"
#include "libstore/base/mutex.h"

namespace mqctl {

class RebalanceLockManager {
 public:
  RebalanceLockManager(const Clock& clock, std::chrono::milliseconds max_live) : clock_(clock), max_live_(max_live) {}

  // No more are given; those that expired make room with remove_expired().
  static constexpr size_t kMost = 1u << 18;

  bool try_lock(const std::string& group, const std::string& topic, int32_t queue, const std::string& client) {
    const auto now = clock_.steady_now();
    MutexLock lock(mutex_);
    const Key key{group, topic, queue};
    const auto found = owners_.find(key);
    if (found == owners_.end()) return owners_.size() < kMost && owners_.emplace(key, Owner{client, now}).second;
    if (found->second.client != client && alive(found->second, now)) return false;
    found->second = {client, now};
    return true;
  }
  void unlock(const std::string& group, const std::string& topic, int32_t queue, const std::string& client) {
    MutexLock lock(mutex_);
    const auto found = owners_.find({group, topic, queue});
    if (found != owners_.end() && found->second.client == client) owners_.erase(found);
  }
  // Whether somebody of the group holds a lock that is alive.
  bool any_alive(const std::string& group) const {
    const auto now = clock_.steady_now();
    MutexLock lock(mutex_);
    for (auto at = owners_.lower_bound({group, "", INT32_MIN}); at != owners_.end() && std::get<0>(at->first) == group;
         ++at) {
      if (alive(at->second, now)) return true;
    }
    return false;
  }
  void remove_expired() {
    const auto now = clock_.steady_now();
    MutexLock lock(mutex_);
    std::erase_if(owners_, [&](const auto& entry) { return !alive(entry.second, now); });
  }

 private:
  struct Owner {
    std::string client;
    Clock::Steady renewed;
  };
  using Key = std::tuple<std::string, std::string, int32_t>;  // group, topic, queue
  bool alive(const Owner& owner, Clock::Steady now) const { return now - owner.renewed <= max_live_; }
  const Clock& clock_;
  const std::chrono::milliseconds max_live_;
  mutable Mutex mutex_;
  std::map<Key, Owner> owners_ GUARDED_BY(mutex_);
};

}  // namespace mqctl
