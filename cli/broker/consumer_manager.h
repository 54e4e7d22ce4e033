// ConsumerManager: the consumer groups that are online, their clients and what they subscribed to (Apache:
// ConsumerManager, ConsumerGroupInfo). Membership is per connection and group. Thread-safe.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "cli/broker/client_info.h"
#include "cli/broker/subscription_data.h"
#include "libstore/base/mutex.h"

namespace mqctl {

// How a group consumes, in Apache's words.
struct GroupModel {
  std::string consume_type = "CONSUME_PASSIVELY";
  std::string message_model = "CLUSTERING";
  std::string consume_from = "CONSUME_FROM_LAST_OFFSET";
  bool broadcasting() const { return message_model == "BROADCASTING"; }
};

struct ConsumerGroup {
  GroupModel model;
  std::vector<ClientInfo> clients;
  std::map<std::string, SubscriptionData, std::less<>> subscriptions;
};

class ConsumerManager {
 public:
  // Called outside the lock, where membership or subscriptions changed. Set before anybody is added.
  using Changed = std::function<void(const std::string& group, const ConsumerGroup& now)>;
  void on_change(Changed changed) { changed_ = std::move(changed); }

  struct Registration {
    std::string group;
    GroupModel model;
    ClientInfo client;
    std::vector<SubscriptionData> subscriptions;
    bool without_subscriptions = false;  // a short heartbeat: what was subscribed stays
  };
  void add(const Registration& registration) EXCLUDES(mutex_);
  void remove(const std::string& group, uint64_t channel_id) EXCLUDES(mutex_);
  void remove_channel(uint64_t channel_id) EXCLUDES(mutex_);
  void remove_silent(Clock::Steady since) EXCLUDES(mutex_);

  std::optional<ConsumerGroup> find(std::string_view group) const EXCLUDES(mutex_);
  std::optional<SubscriptionData> subscription(std::string_view group, std::string_view topic) const EXCLUDES(mutex_);
  // Each once, sorted.
  std::vector<std::string> client_ids(std::string_view group) const EXCLUDES(mutex_);
  std::set<std::string> groups_of(std::string_view topic) const EXCLUDES(mutex_);
  std::vector<std::string> groups() const EXCLUDES(mutex_);
  bool has_subscriptions(std::string_view group) const EXCLUDES(mutex_);

 private:
  struct Group {
    GroupModel model;
    std::map<uint64_t, ClientInfo> clients;  // by channel
    std::map<std::string, SubscriptionData, std::less<>> subscriptions;
    ConsumerGroup view() const;
  };
  static bool replace_subscriptions(Group& group, const Registration& registration);
  template <class Gone>
  void remove_where(Gone&& gone) EXCLUDES(mutex_);
  mutable Mutex mutex_;
  std::map<std::string, Group, std::less<>> groups_ GUARDED_BY(mutex_);
  Changed changed_;
};

}  // namespace mqctl
