#include "cli/broker/consumer_manager.h"

#include <algorithm>

namespace mqctl {

ConsumerGroup ConsumerManager::Group::view() const {
  ConsumerGroup found{model, {}, subscriptions};
  for (const auto& [id, client] : clients) found.clients.push_back(client);
  return found;
}

// Entries are replaced by newer ones; topics that are no longer named go.
bool ConsumerManager::replace_subscriptions(Group& group, const Registration& registration) {
  bool changed = false;
  std::set<std::string_view> named;
  for (const SubscriptionData& data : registration.subscriptions) {
    named.insert(data.topic);
    const auto [entry, made] = group.subscriptions.try_emplace(data.topic, data);
    changed = changed || made;
    if (!made && data.version > entry->second.version) {
      changed = changed || entry->second.expression != data.expression;
      entry->second = data;
    }
  }
  changed = std::erase_if(group.subscriptions, [&](const auto& entry) { return !named.contains(entry.first); }) > 0 ||
            changed;
  return changed;
}

void ConsumerManager::add(const Registration& registration) {
  bool changed = false;
  ConsumerGroup now;
  {
    MutexLock lock(mutex_);
    Group& group = groups_[registration.group];
    group.model = registration.model;
    changed = group.clients.insert_or_assign(registration.client.channel->id(), registration.client).second;
    if (!registration.without_subscriptions) changed = replace_subscriptions(group, registration) || changed;
    if (changed) now = group.view();
  }
  if (changed && changed_) changed_(registration.group, now);
}

template <class Gone>
void ConsumerManager::remove_where(Gone&& gone) {
  std::vector<std::pair<std::string, ConsumerGroup>> changed;
  {
    MutexLock lock(mutex_);
    for (auto entry = groups_.begin(); entry != groups_.end();) {
      const size_t removed =
          std::erase_if(entry->second.clients, [&](const auto& client) { return gone(client.second); });
      if (removed > 0) changed.emplace_back(entry->first, entry->second.view());
      entry = entry->second.clients.empty() ? groups_.erase(entry) : std::next(entry);
    }
  }
  if (!changed_) return;
  for (const auto& [group, now] : changed) changed_(group, now);
}

void ConsumerManager::remove(const std::string& group, uint64_t channel_id) {
  ConsumerGroup now;
  {
    MutexLock lock(mutex_);
    const auto found = groups_.find(group);
    if (found == groups_.end() || found->second.clients.erase(channel_id) == 0) return;
    now = found->second.view();
    if (now.clients.empty()) groups_.erase(found);
  }
  if (changed_) changed_(group, now);
}

void ConsumerManager::remove_channel(uint64_t channel_id) {
  remove_where([&](const ClientInfo& client) { return client.channel->id() == channel_id; });
}

void ConsumerManager::remove_silent(Clock::Steady since) {
  remove_where([since](const ClientInfo& client) { return client.seen < since; });
}

std::optional<ConsumerGroup> ConsumerManager::find(std::string_view group) const {
  MutexLock lock(mutex_);
  const auto found = groups_.find(group);
  return found == groups_.end() ? std::nullopt : std::optional(found->second.view());
}

std::optional<SubscriptionData> ConsumerManager::subscription(std::string_view group, std::string_view topic) const {
  MutexLock lock(mutex_);
  const auto found = groups_.find(group);
  if (found == groups_.end()) return std::nullopt;
  const auto data = found->second.subscriptions.find(topic);
  return data == found->second.subscriptions.end() ? std::nullopt : std::optional(data->second);
}

std::vector<std::string> ConsumerManager::client_ids(std::string_view group) const {
  std::set<std::string> ids;
  MutexLock lock(mutex_);
  if (const auto found = groups_.find(group); found != groups_.end()) {
    for (const auto& [channel, client] : found->second.clients) ids.insert(client.id);
  }
  return {ids.begin(), ids.end()};
}

std::set<std::string> ConsumerManager::groups_of(std::string_view topic) const {
  std::set<std::string> names;
  MutexLock lock(mutex_);
  for (const auto& [name, group] : groups_) {
    if (group.subscriptions.find(topic) != group.subscriptions.end()) names.insert(name);
  }
  return names;
}

std::vector<std::string> ConsumerManager::groups() const {
  std::vector<std::string> names;
  MutexLock lock(mutex_);
  for (const auto& [name, group] : groups_) names.push_back(name);
  return names;
}

bool ConsumerManager::has_subscriptions(std::string_view group) const {
  MutexLock lock(mutex_);
  const auto found = groups_.find(group);
  return found != groups_.end() && !found->second.subscriptions.empty();
}

}  // namespace mqctl
