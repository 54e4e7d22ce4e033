#include "cli/broker/producer_manager.h"

namespace mqctl {
namespace {

std::vector<ClientInfo> values_of(const std::map<uint64_t, ClientInfo>& clients) {
  std::vector<ClientInfo> found;
  for (const auto& [id, client] : clients) found.push_back(client);
  return found;
}

}  // namespace

void ProducerManager::add(const std::string& group, const ClientInfo& client) {
  MutexLock lock(mutex_);
  groups_[group].insert_or_assign(client.channel->id(), client);
}

void ProducerManager::remove(std::string_view group, uint64_t channel_id) {
  MutexLock lock(mutex_);
  const auto found = groups_.find(group);
  if (found == groups_.end()) return;
  found->second.erase(channel_id);
  if (found->second.empty()) groups_.erase(found);
}

template <class Gone>
void ProducerManager::remove_where(Gone&& gone) {
  MutexLock lock(mutex_);
  for (auto group = groups_.begin(); group != groups_.end();) {
    std::erase_if(group->second, [&](const auto& entry) { return gone(entry.second); });
    group = group->second.empty() ? groups_.erase(group) : std::next(group);
  }
}

void ProducerManager::remove_channel(uint64_t channel_id) {
  remove_where([channel_id](const ClientInfo& client) { return client.channel->id() == channel_id; });
}

void ProducerManager::remove_silent(Clock::Steady since) {
  remove_where([since](const ClientInfo& client) { return client.seen < since; });
}

std::vector<ClientInfo> ProducerManager::clients_of(std::string_view group) const {
  MutexLock lock(mutex_);
  const auto found = groups_.find(group);
  return found == groups_.end() ? std::vector<ClientInfo>() : values_of(found->second);
}

ChannelPtr ProducerManager::next_channel(std::string_view group) {
  MutexLock lock(mutex_);
  const auto found = groups_.find(group);
  if (found == groups_.end()) return nullptr;
  auto client = found->second.begin();
  std::advance(client, static_cast<std::ptrdiff_t>(turn_++ % found->second.size()));
  return client->second.channel;
}

ChannelPtr ProducerManager::channel_of_client(std::string_view client_id) const {
  MutexLock lock(mutex_);
  for (const auto& [group, clients] : groups_) {
    for (const auto& [id, client] : clients) {
      if (client.id == client_id && client.channel->open()) return client.channel;
    }
  }
  return nullptr;
}

std::vector<std::pair<std::string, std::vector<ClientInfo>>> ProducerManager::all() const {
  MutexLock lock(mutex_);
  std::vector<std::pair<std::string, std::vector<ClientInfo>>> found;
  for (const auto& [group, clients] : groups_) found.emplace_back(group, values_of(clients));
  return found;
}

}  // namespace mqctl
