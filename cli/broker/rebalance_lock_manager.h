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

  bool try_lock(const std::string& group, const std::string& topic, int32_t queue, const std::string& client) {
    const auto now = clock_.steady_now();
    MutexLock lock(mutex_);
    Owner& owner = owners_[{group, topic, queue}];
    if (!owner.client.empty() && owner.client != client && now - owner.renewed <= max_live_) return false;
    owner = {client, now};
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
    for (const auto& [key, owner] : owners_) {
      if (std::get<0>(key) == group && now - owner.renewed <= max_live_) return true;
    }
    return false;
  }

 private:
  struct Owner {
    std::string client;
    Clock::Steady renewed;
  };
  const Clock& clock_;
  const std::chrono::milliseconds max_live_;
  mutable Mutex mutex_;
  std::map<std::tuple<std::string, std::string, int32_t>, Owner> owners_ GUARDED_BY(mutex_);
};

}  // namespace mqctl
