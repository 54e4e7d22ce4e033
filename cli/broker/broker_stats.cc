#include "cli/broker/broker_stats.h"

#include <ctime>

namespace mqctl {
namespace {

struct Named {
  std::string_view name;
  BrokerStats::Table table;
};

using enum BrokerStats::Table;
constexpr Named kNames[] = {{"TOPIC_PUT", kTopicPut},
                            {"GROUP_GET", kGroupGet},
                            {"SNDBCK_PUT", kSendBack},
                            {"BROKER_PUT", kBrokerPut},
                            {"BROKER_GET", kBrokerGet}};

size_t index(BrokerStats::Table table) { return static_cast<size_t>(table); }

std::string topic_and_group(std::string_view topic, std::string_view group) {
  std::string key(topic);
  return key.append("@").append(group);
}

int local_day(int64_t now_ms) {
  const auto seconds = static_cast<time_t>(now_ms / 1000);
  tm local{};
  ::localtime_r(&seconds, &local);
  return local.tm_yday;
}

}  // namespace

BrokerStats::BrokerStats(const Clock& clock, std::string cluster) : clock_(clock), cluster_(std::move(cluster)) {
  MutexLock lock(mutex_);
  for (const Table table : {kBrokerPut, kBrokerGet}) count(table, cluster_, 0, 0);
  day_of_year_ = local_day(now_ms());
}

void BrokerStats::count(Table table, std::string_view key, uint64_t messages, uint64_t bytes) {
  Entries& entries = tables_[index(table)];
  auto found = entries.find(key);
  if (found == entries.end()) found = entries.emplace(key, TrafficCount(now_ms())).first;
  found->second.messages.add(messages);
  found->second.bytes.add(bytes);
}

void BrokerStats::count_put(std::string_view topic, uint64_t messages, uint64_t bytes) {
  MutexLock lock(mutex_);
  count(kTopicPut, topic, messages, bytes);
  count(kBrokerPut, cluster_, messages, bytes);
}

void BrokerStats::count_get(std::string_view topic, std::string_view group, uint64_t messages, uint64_t bytes) {
  const std::string key = topic_and_group(topic, group);
  MutexLock lock(mutex_);
  count(kGroupGet, key, messages, bytes);
  count(kBrokerGet, cluster_, messages, bytes);
}

void BrokerStats::count_send_back(std::string_view topic, std::string_view group) {
  const std::string key = topic_and_group(topic, group);
  MutexLock lock(mutex_);
  count(kSendBack, key, 1, 0);
}

void BrokerStats::sample() {
  MutexLock lock(mutex_);
  const int64_t now = now_ms();
  for (Entries& entries : tables_) {
    for (auto& [key, traffic] : entries) {
      traffic.messages.sample(now);
      traffic.bytes.sample(now);
    }
  }
  if (const int today = local_day(now); today != day_of_year_) {
    day_of_year_ = today;
    for (const Table table : {kBrokerPut, kBrokerGet}) {
      DayCount& day = days_[index(table)];
      day.yesterday_morning = day.today_morning;
      day.today_morning = tables_[index(table)].at(cluster_).messages.total();
    }
  }
}

std::optional<SlidingCount> BrokerStats::find(std::string_view name, std::string_view key) const {
  const bool sizes = name.ends_with("_SIZE");
  if (!sizes && !name.ends_with("_NUMS")) return std::nullopt;
  name.remove_suffix(5);
  MutexLock lock(mutex_);
  for (const Named& known : kNames) {
    if (known.name != name) continue;
    const Entries& entries = tables_[index(known.table)];
    const auto found = entries.find(key);
    if (found == entries.end()) return std::nullopt;
    return sizes ? found->second.bytes : found->second.messages;
  }
  return std::nullopt;
}

BrokerStats::Entries BrokerStats::entries(Table table) const {
  MutexLock lock(mutex_);
  return tables_[index(table)];
}

SlidingCount BrokerStats::total(Table table) const {
  MutexLock lock(mutex_);
  return tables_[index(table)].at(cluster_).messages;
}

DayCount BrokerStats::day(Table table) const {
  MutexLock lock(mutex_);
  DayCount day = days_[index(table)];
  day.now = tables_[index(table)].at(cluster_).messages.total();
  return day;
}

void BrokerStats::forget_topic(std::string_view topic) {
  MutexLock lock(mutex_);
  if (const auto found = tables_[index(kTopicPut)].find(topic); found != tables_[index(kTopicPut)].end())
    tables_[index(kTopicPut)].erase(found);
  for (const Table table : {kGroupGet, kSendBack}) {
    std::erase_if(tables_[index(table)], [&](const auto& entry) {
      return entry.first.size() > topic.size() && entry.first.starts_with(topic) && entry.first[topic.size()] == '@';
    });
  }
}

}  // namespace mqctl
