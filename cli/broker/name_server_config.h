// NameServerConfig: what administrators set on the name server (Apache: NamesrvConfig). In memory. Thread-safe.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "libstore/base/mutex.h"

namespace mqctl {

class NameServerConfig {
 public:
  using Entries = std::vector<std::pair<std::string, std::string>>;

  // All or none; false where it would be too many.
  bool update(const Entries& entries) EXCLUDES(mutex_) {
    constexpr size_t kMost = 1000;
    MutexLock lock(mutex_);
    if (values_.size() + entries.size() > kMost) return false;
    for (const auto& [key, value] : entries) values_.insert_or_assign(key, value);
    return true;
  }
  Entries all() const EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    return {values_.begin(), values_.end()};
  }

 private:
  mutable Mutex mutex_;
  std::map<std::string, std::string> values_ GUARDED_BY(mutex_) = {{"productEnvName", "center"}};
};

}  // namespace mqctl
