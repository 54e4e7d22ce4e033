#include "cli/broker/pull_request_hold.h"

namespace mqctl {

uint64_t PullRequestHold::park(const std::string& topic, int32_t queue, ParkedPull pull) {
  count_.fetch_add(1);
  MutexLock lock(mutex_);
  const uint64_t number = next_++;
  pulls_[{topic, queue}].emplace(number, std::move(pull));
  return number;
}

void PullRequestHold::release(const std::string& topic, int32_t queue, uint64_t number) {
  ParkedPull pull;
  {
    MutexLock lock(mutex_);
    const auto found = pulls_.find({topic, queue});
    if (found == pulls_.end()) return;
    const auto entry = found->second.find(number);
    if (entry == found->second.end()) return;
    pull = std::move(entry->second);
    found->second.erase(entry);
    if (found->second.empty()) pulls_.erase(found);
  }
  count_.fetch_sub(1);
  resume_(std::move(pull));
}

void PullRequestHold::arrived(const DispatchRequest& message) {
  if (count_.load() == 0) return;
  std::vector<ParkedPull> woken;
  {
    MutexLock lock(mutex_);
    const auto found = pulls_.find({std::string(message.topic), message.queue_id.value()});
    if (found == pulls_.end()) return;
    for (auto entry = found->second.begin(); entry != found->second.end();) {
      const ParkedPull& pull = entry->second;
      const bool wanted = message.queue_offset.value() >= pull.offset &&
                          pull.subscription.accepts_code(message.tags_code) &&
                          pull.subscription.accepts_properties(message.properties);
      if (!wanted) {
        ++entry;
        continue;
      }
      woken.push_back(std::move(entry->second));
      entry = found->second.erase(entry);
    }
    if (found->second.empty()) pulls_.erase(found);
  }
  count_.fetch_sub(woken.size());
  for (ParkedPull& pull : woken) resume_(std::move(pull));
}

void PullRequestHold::release_all() {
  std::map<Key, Parked> all;
  {
    MutexLock lock(mutex_);
    all.swap(pulls_);
  }
  for (auto& [key, parked] : all) {
    count_.fetch_sub(parked.size());
    for (auto& [number, pull] : parked) resume_(std::move(pull));
  }
}

}  // namespace mqctl
