// BrokerStats: what was put and got, by topic and by group (Apache: BrokerStatsManager, BrokerStats). Thread-safe;
// counting costs a short lock.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "cli/broker/sliding_count.h"
#include "libstore/base/clock.h"
#include "libstore/base/latency_histogram.h"
#include "libstore/base/mutex.h"

namespace mqctl {

struct TrafficCount {
  explicit TrafficCount(int64_t now_ms) : messages(now_ms), bytes(now_ms) {}
  SlidingCount messages, bytes;
};

// Messages of the broker by the local day, as mqadmin shows them.
struct DayCount {
  uint64_t yesterday_morning = 0, today_morning = 0, now = 0;  // totals at each time
};

class BrokerStats {
 public:
  // Tables by their name in Apache; keys: topic, topic@group, cluster.
  enum class Table : uint8_t { kTopicPut, kGroupGet, kSendBack, kBrokerPut, kBrokerGet };
  static constexpr size_t kTables = 5;
  using Entries = std::map<std::string, TrafficCount, std::less<>>;

  BrokerStats(const Clock& clock, std::string cluster);

  void count_put(std::string_view topic, uint64_t messages, uint64_t bytes);
  void count_get(std::string_view topic, std::string_view group, uint64_t messages, uint64_t bytes);
  void count_send_back(std::string_view topic, std::string_view group);

  // Called every ten seconds.
  void sample() EXCLUDES(mutex_);

  // "TOPIC_PUT_NUMS" or "TOPIC_PUT_SIZE", of a key; none where either is unknown.
  std::optional<SlidingCount> find(std::string_view name, std::string_view key) const EXCLUDES(mutex_);
  Entries entries(Table table) const EXCLUDES(mutex_);
  SlidingCount total(Table table) const EXCLUDES(mutex_);  // of the broker
  DayCount day(Table table) const EXCLUDES(mutex_);
  void forget_topic(std::string_view topic) EXCLUDES(mutex_);

  LatencyHistogram& put_latency() { return put_latency_; }

 private:
  void count(Table table, std::string_view key, uint64_t messages, uint64_t bytes) REQUIRES(mutex_);
  int64_t now_ms() const { return clock_.now().value(); }
  const Clock& clock_;
  const std::string cluster_;
  mutable Mutex mutex_;
  Entries tables_[kTables] GUARDED_BY(mutex_);
  DayCount days_[kTables] GUARDED_BY(mutex_);
  int day_of_year_ GUARDED_BY(mutex_) = -1;
  LatencyHistogram put_latency_;
};

}  // namespace mqctl
