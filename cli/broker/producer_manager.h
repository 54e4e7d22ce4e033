// ProducerManager: which clients produce for which groups: for transaction checks, replies, and who asks (Apache:
// ProducerManager). Thread-safe.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/broker/client_info.h"
#include "libstore/base/mutex.h"

namespace mqctl {

class ProducerManager {
 public:
  void add(const std::string& group, const ClientInfo& client) EXCLUDES(mutex_);
  void remove(std::string_view group, uint64_t channel_id) EXCLUDES(mutex_);
  void remove_channel(uint64_t channel_id) EXCLUDES(mutex_);
  void remove_silent(Clock::Steady since) EXCLUDES(mutex_);

  std::vector<ClientInfo> clients_of(std::string_view group) const EXCLUDES(mutex_);
  // One of the group's, another one each time.
  ChannelPtr next_channel(std::string_view group) EXCLUDES(mutex_);
  ChannelPtr channel_of_client(std::string_view client_id) const EXCLUDES(mutex_);
  std::vector<std::pair<std::string, std::vector<ClientInfo>>> all() const EXCLUDES(mutex_);

 private:
  using Clients = std::map<uint64_t, ClientInfo>;  // by channel
  template <class Gone>
  void remove_where(Gone&& gone) EXCLUDES(mutex_);
  mutable Mutex mutex_;
  std::map<std::string, Clients, std::less<>> groups_ GUARDED_BY(mutex_);
  size_t turn_ GUARDED_BY(mutex_) = 0;
};

}  // namespace mqctl
