// TopicConfigManager: the topics of the broker, how many queues they have and who may use them (Apache:
// TopicConfigManager; config/topics.json). Changes are on disk when they return, and are seen then. Who looks does not
// wait for the disk. Thread-safe.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/broker/broker_config.h"
#include "cli/broker/config_table.h"
#include "libstore/base/clock.h"
#include "libstore/base/mutex.h"

namespace mqctl {

namespace permission {
inline constexpr int32_t kRead = 4, kWrite = 2, kInherit = 1;
}

struct Topic {
  int32_t read_queues = 8;
  int32_t write_queues = 8;
  int32_t perm = permission::kRead | permission::kWrite;
  int32_t sys_flag = 0;
  bool order = false;
  std::string filter_type = "SINGLE_TAG";
  ConfigJson attributes = ConfigJson::object();

  bool readable() const { return (perm & permission::kRead) != 0; }
  bool writable() const { return (perm & permission::kWrite) != 0; }
  int32_t queues() const { return read_queues > write_queues ? read_queues : write_queues; }
  bool operator==(const Topic&) const = default;
};
// As it was when it was asked for: a change makes another. A copy of the whole costs each send an allocation.
using TopicPtr = std::shared_ptr<const Topic>;
using NamedTopics = std::map<std::string, Topic>;
// As Apache's TopicConfig prints itself, which is what clients get to read.
std::string topic_description(std::string_view name, const Topic& topic);
ConfigJson topic_json(const std::string& name, const Topic& topic);
Topic topic_from_json(const ConfigJson& json);

class TopicConfigManager {
 public:
  TopicConfigManager(FileSystem& fs, const Clock& clock, std::string path)
      : clock_(clock), file_(fs, std::move(path), "topicConfigTable") {}

  // The file, and the topics that every broker has.
  Status load(const BrokerConfig& config);

  TopicPtr find(std::string_view name) const EXCLUDES(mutex_);  // null: there is none
  std::vector<std::pair<std::string, TopicPtr>> all() const EXCLUDES(mutex_);
  DataVersion version() const EXCLUDES(mutex_);
  // Whether it is the broker's own: no one may change or delete it.
  bool is_system(std::string_view name) const EXCLUDES(mutex_);
  std::vector<std::string> system_topics() const EXCLUDES(mutex_);

  // What becomes of a topic that a send names and that is not there: after the model of `default_topic` where that is
  // inherited from (Apache: createTopicInSendMessageMethod). None where it may not be made.
  std::optional<Topic> model_for_send(std::string_view default_topic, int32_t queues, bool auto_create) const
      EXCLUDES(mutex_);
  // Makes it where it is not there.
  Result<Topic> ensure(const std::string& name, int32_t queues, int32_t perm) EXCLUDES(change_mutex_, mutex_);
  // Many at a time: saved once.
  Status ensure(const NamedTopics& wanted) EXCLUDES(change_mutex_, mutex_);
  Status update(const NamedTopics& topics) EXCLUDES(change_mutex_, mutex_);
  Status erase(const std::string& name) EXCLUDES(change_mutex_, mutex_);

 private:
  Result<TopicPtr> add(const std::string& name, Topic topic) EXCLUDES(change_mutex_, mutex_);
  void add_system(const std::string& name, int32_t queues, int32_t perm) REQUIRES(mutex_);
  using Table = std::map<std::string, TopicPtr, std::less<>>;
  Table copy() const EXCLUDES(mutex_);
  // What cannot be saved is not changed.
  Status replace(Table table) REQUIRES(change_mutex_) EXCLUDES(mutex_);
  Status save(const Table& table, const DataVersion& version) REQUIRES(change_mutex_);

  const Clock& clock_;
  Mutex change_mutex_;  // before the other: who changes, one at a time, also while it is saved
  mutable Mutex mutex_;
  ConfigTableFile file_ GUARDED_BY(change_mutex_);
  Table topics_ GUARDED_BY(mutex_);
  Table system_ GUARDED_BY(mutex_);
  DataVersion version_ GUARDED_BY(mutex_);
};

}  // namespace mqctl
