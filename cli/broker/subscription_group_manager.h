// SubscriptionGroupManager: the consumer groups and how they are treated (Apache: SubscriptionGroupManager;
// config/subscriptionGroup.json). Changes are on disk when they return, and are seen then; but a group that is made
// because somebody consumes is seen at once and saved later: lost, it is made again by the same. Who looks does not
// wait for the disk. Thread-safe.
#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "cli/broker/config_table.h"
#include "libstore/base/clock.h"
#include "libstore/base/mutex.h"

namespace mqctl {

// A group as its JSON has it; members that we do not know stay.
struct SubscriptionGroup {
  ConfigJson json;
  bool consume_enable() const { return bool_in(json, "consumeEnable", true); }
  bool broadcast_enable() const { return bool_in(json, "consumeBroadcastEnable", true); }
  bool notify_enable() const { return bool_in(json, "notifyConsumerIdsChangedEnable", true); }
  int32_t retry_queues() const { return bounded("retryQueueNums", 1, 65536); }
  int32_t retry_max_times() const { return bounded("retryMaxTimes", 16, INT32_MAX); }

 private:
  int32_t bounded(const char* name, int64_t otherwise, int64_t most) const {
    return static_cast<int32_t>(std::clamp<int64_t>(number_in(json, name, otherwise), INT32_MIN, most));
  }
};
ConfigJson default_group_json(const std::string& name);

class SubscriptionGroupManager {
 public:
  SubscriptionGroupManager(FileSystem& fs, const Clock& clock, std::string path)
      : clock_(clock), file_(fs, std::move(path), "subscriptionGroupTable") {}
  Status load();

  bool contains(std::string_view name) const EXCLUDES(mutex_);
  std::optional<SubscriptionGroup> known(std::string_view name) const EXCLUDES(mutex_);
  // Of these the ones that ensure() would make, each once.
  std::vector<std::string> missing(const std::vector<std::string>& names, bool auto_create) const EXCLUDES(mutex_);
  // A group that is unknown is made where `auto_create` says so; none where it does not, or the name is none, or too
  // many are not saved yet.
  std::optional<SubscriptionGroup> find(std::string_view name, bool auto_create) EXCLUDES(mutex_);
  // Those that find() made are on disk when this returns.
  Status save_made() EXCLUDES(change_mutex_, mutex_);
  // Makes those that are unknown, by the same rules, and saves once for all of them.
  Status ensure(const std::vector<std::string>& names, bool auto_create) EXCLUDES(change_mutex_, mutex_);
  std::vector<std::pair<std::string, ConfigJson>> all() const EXCLUDES(mutex_);
  DataVersion version() const EXCLUDES(mutex_);
  Status update(const std::map<std::string, ConfigJson>& groups) EXCLUDES(change_mutex_, mutex_);  // saved once
  Status erase(const std::string& name) EXCLUDES(change_mutex_, mutex_);

  // Whether a group may read a topic (Apache: forbiddenTable; a bit a permission).
  bool may_read(std::string_view group, std::string_view topic) const EXCLUDES(mutex_);
  Status set_may_read(const std::string& group, const std::string& topic, bool readable)
      EXCLUDES(change_mutex_, mutex_);
  ConfigJson forbidden_json() const EXCLUDES(mutex_);

 private:
  using GroupPtr = std::shared_ptr<const ConfigJson>;  // a change makes another
  struct Tables {
    std::map<std::string, GroupPtr, std::less<>> groups;
    std::map<std::string, std::map<std::string, int64_t, std::less<>>, std::less<>> forbidden;
  };
  Tables copy() const EXCLUDES(mutex_);
  // What cannot be saved is not changed.
  Status replace(Tables tables) REQUIRES(change_mutex_) EXCLUDES(mutex_);
  Status save(const Tables& tables, const DataVersion& version) REQUIRES(change_mutex_);
  const Clock& clock_;
  ConfigJson others_;   // members of the file that we do not know; as it was loaded
  Mutex change_mutex_;  // before the other: who changes, one at a time, also while it is saved
  mutable Mutex mutex_;
  ConfigTableFile file_ GUARDED_BY(change_mutex_);
  Tables tables_ GUARDED_BY(mutex_);
  std::set<std::string, std::less<>> made_ GUARDED_BY(mutex_);  // by find(), and not saved yet
  DataVersion version_ GUARDED_BY(mutex_);
};

}  // namespace mqctl
