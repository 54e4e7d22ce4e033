// BrokerStats: what was put and got, by topic and by group, since the start (Apache: BrokerStatsManager).
// Thread-safe; counting costs a lock of one bucket.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "libstore/base/mutex.h"

namespace mqctl {

struct TrafficCount {
  uint64_t messages = 0;
  uint64_t bytes = 0;
};

class BrokerStats {
 public:
  using Table = std::map<std::string, TrafficCount, std::less<>>;
  void count_put(std::string_view topic, uint64_t messages, uint64_t bytes) {
    count(puts_, topic, messages, bytes);
    put_total_.fetch_add(messages, std::memory_order_relaxed);
  }
  // `key`: topic@group.
  void count_get(std::string_view topic, std::string_view group, uint64_t messages, uint64_t bytes) {
    std::string key(topic);
    key.append("@").append(group);
    count(gets_, key, messages, bytes);
    get_total_.fetch_add(messages, std::memory_order_relaxed);
  }
  uint64_t put_total() const { return put_total_.load(std::memory_order_relaxed); }
  uint64_t get_total() const { return get_total_.load(std::memory_order_relaxed); }
  Table puts() const {
    MutexLock lock(mutex_);
    return puts_;
  }
  Table gets() const {
    MutexLock lock(mutex_);
    return gets_;
  }

 private:
  void count(Table& table, std::string_view key, uint64_t messages, uint64_t bytes) {
    MutexLock lock(mutex_);
    auto found = table.find(key);
    if (found == table.end()) found = table.emplace(key, TrafficCount{}).first;
    found->second.messages += messages;
    found->second.bytes += bytes;
  }
  mutable Mutex mutex_;
  Table puts_, gets_;  // both under mutex_
  std::atomic<uint64_t> put_total_{0}, get_total_{0};
};

}  // namespace mqctl
