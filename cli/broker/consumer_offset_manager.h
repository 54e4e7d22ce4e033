// ConsumerOffsetManager: how far each group has come in each queue (Apache: ConsumerOffsetManager;
// config/consumerOffset.json), and the resets that wait for their consumers. In memory; persist() writes it.
// Thread-safe.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "cli/broker/config_table.h"
#include "libstore/base/clock.h"
#include "libstore/base/mutex.h"

namespace mqctl {

class ConsumerOffsetManager {
 public:
  using Queues = std::map<int32_t, int64_t>;
  ConsumerOffsetManager(FileSystem& fs, const Clock& clock, std::string path);
  Status load();
  // No offset stays ahead of its queue's end, which is asked for.
  void limit(const std::function<int64_t(const std::string& topic, int32_t queue)>& end) EXCLUDES(mutex_);
  // Where something changed since the last time. Between the look at the table and the writing of it `before_write` is
  // called: for who must bring to disk what the offsets stand on.
  using BeforeWrite = std::function<Status()>;
  Status persist(const BeforeWrite& before_write = [] { return Status(); }) EXCLUDES(mutex_);

  // As it stands, also where it goes back. False where a reset is waiting for its consumer, which wins.
  bool commit(std::string_view group, std::string_view topic, int32_t queue, int64_t offset) EXCLUDES(mutex_);
  std::optional<int64_t> query(std::string_view group, std::string_view topic, int32_t queue) const EXCLUDES(mutex_);

  // Where the last pull began; in memory only.
  void note_pull(std::string_view group, std::string_view topic, int32_t queue, int64_t offset) EXCLUDES(mutex_);
  std::optional<int64_t> last_pull(std::string_view group, std::string_view topic, int32_t queue) const
      EXCLUDES(mutex_);

  // The consumer learns of it with its next pull.
  void reset(std::string_view group, std::string_view topic, int32_t queue, int64_t offset) EXCLUDES(mutex_);
  std::optional<int64_t> take_reset(std::string_view group, std::string_view topic, int32_t queue) EXCLUDES(mutex_);

  std::set<std::string> topics_of(std::string_view group) const EXCLUDES(mutex_);
  std::set<std::string> groups_of(std::string_view topic) const EXCLUDES(mutex_);
  Queues queues_of(std::string_view group, std::string_view topic) const EXCLUDES(mutex_);
  void remove_topic(std::string_view topic) EXCLUDES(mutex_);
  void remove_group(std::string_view group) EXCLUDES(mutex_);
  void copy_group(std::string_view from, std::string_view to, std::string_view topic) EXCLUDES(mutex_);
  ConfigJson json() const EXCLUDES(mutex_);
  // All of them, as they are at the call.
  void for_each(const std::function<void(const std::string& topic, const std::string& group, int32_t queue,
                                         int64_t offset)>& each) const EXCLUDES(mutex_);

 private:
  using Key = std::pair<std::string, std::string>;  // topic, group
  using Table = std::map<Key, Queues>;
  Table copy() const EXCLUDES(mutex_);
  const Clock& clock_;
  ConfigTableFile file_;  // load() and persist() are called by one thread at a time
  mutable Mutex mutex_;
  Table offsets_ GUARDED_BY(mutex_);
  Table pulls_ GUARDED_BY(mutex_);
  Table resets_ GUARDED_BY(mutex_);
  DataVersion version_ GUARDED_BY(mutex_);
  bool changed_ GUARDED_BY(mutex_) = false;
};

}  // namespace mqctl
