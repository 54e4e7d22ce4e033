#include "cli/broker/topic_config_manager.h"

#include <algorithm>

#include "cli/broker/topic_validator.h"
#include "libstore/message/delay_level.h"

namespace mqctl {
namespace {

constexpr int32_t kReadWrite = permission::kRead | permission::kWrite;
constexpr int32_t kAll = kReadWrite | permission::kInherit;

// More than anybody needs; each is a directory, and many requests go over all of a topic.
constexpr int64_t kMaxQueues = 65536;

int32_t small(int64_t value, int64_t most = INT32_MAX) {
  return static_cast<int32_t>(std::clamp<int64_t>(value, 0, most));
}

TopicPtr shared(Topic topic) { return std::make_shared<const Topic>(std::move(topic)); }

}  // namespace

std::string topic_description(std::string_view name, const Topic& topic) {
  std::string attributes;
  for (const auto& [key, value] : topic.attributes.items()) {
    attributes +=
        (attributes.empty() ? "" : ", ") + key + "=" + (value.is_string() ? value.get<std::string>() : value.dump());
  }
  const std::string perm = std::string(topic.readable() ? "R" : "-") + (topic.writable() ? "W" : "-") +
                           ((topic.perm & permission::kInherit) != 0 ? "X" : "-");
  return "TopicConfig [topicName=" + std::string(name) + ", readQueueNums=" + std::to_string(topic.read_queues) +
         ", writeQueueNums=" + std::to_string(topic.write_queues) + ", perm=" + perm +
         ", topicFilterType=" + topic.filter_type + ", topicSysFlag=" + std::to_string(topic.sys_flag) +
         ", order=" + (topic.order ? "true" : "false") + ", attributes={" + attributes + "}]";
}

ConfigJson topic_json(const std::string& name, const Topic& topic) {
  return ConfigJson{{"attributes", topic.attributes},
                    {"order", topic.order},
                    {"perm", topic.perm},
                    {"readQueueNums", topic.read_queues},
                    {"topicFilterType", topic.filter_type},
                    {"topicName", name},
                    {"topicSysFlag", topic.sys_flag},
                    {"writeQueueNums", topic.write_queues}};
}

Topic topic_from_json(const ConfigJson& json) {
  Topic topic;
  topic.read_queues = small(number_in(json, "readQueueNums", 16), kMaxQueues);
  topic.write_queues = small(number_in(json, "writeQueueNums", 16), kMaxQueues);
  topic.perm = small(number_in(json, "perm", kReadWrite));
  topic.sys_flag = small(number_in(json, "topicSysFlag", 0));
  topic.order = bool_in(json, "order", false);
  topic.filter_type = text_in(json, "topicFilterType", "SINGLE_TAG");
  const auto attributes = json.find("attributes");
  if (attributes != json.end() && attributes->is_object()) topic.attributes = *attributes;
  return topic;
}

Status TopicConfigManager::load(const BrokerConfig& config) {
  MutexLock changing(change_mutex_);
  MutexLock lock(mutex_);
  Result<ConfigTable> loaded = file_.load();
  if (!loaded) return std::move(loaded).error();
  version_ = loaded->version;
  for (const auto& [name, entry] : loaded->table.items()) {
    if (entry.is_object()) topics_.insert_or_assign(name, shared(topic_from_json(entry)));
  }
  add_system(std::string(topic_name::kSelfTest), 1, kReadWrite);
  if (config.auto_create_topic) add_system(std::string(topic_name::kAutoCreate), config.default_topic_queues, kAll);
  if (!config.auto_create_topic) topics_.erase(std::string(topic_name::kAutoCreate));
  add_system(std::string(topic_name::kBenchmark), 1024, kReadWrite);
  if (config.cluster_topic) add_system(config.cluster_name, 16, kAll);
  if (config.broker_topic) add_system(config.broker_name, 1, kAll);
  add_system(std::string(topic_name::kOffsetMoved), 1, kReadWrite);
  add_system(std::string(kScheduleTopic), 18, kReadWrite);
  if (config.trace_topic) add_system(std::string(topic_name::kTrace), 1, kReadWrite);
  add_system(config.cluster_name + std::string(topic_name::kReplySuffix), 1, kReadWrite);
  add_system(std::string(topic_name::kHalf), 1, kReadWrite);
  add_system(std::string(topic_name::kOp), 1, kReadWrite);
  return {};
}

// One that the file has stays as it is there.
void TopicConfigManager::add_system(const std::string& name, int32_t queues, int32_t perm) {
  Topic topic;
  topic.read_queues = topic.write_queues = queues;
  topic.perm = perm;
  const auto [entry, made] = topics_.try_emplace(name, shared(std::move(topic)));
  system_.insert_or_assign(name, entry->second);
}

TopicPtr TopicConfigManager::find(std::string_view name) const {
  MutexLock lock(mutex_);
  const auto found = topics_.find(name);
  return found == topics_.end() ? nullptr : found->second;
}

std::vector<std::pair<std::string, TopicPtr>> TopicConfigManager::all() const {
  MutexLock lock(mutex_);
  return {topics_.begin(), topics_.end()};
}

DataVersion TopicConfigManager::version() const {
  MutexLock lock(mutex_);
  return version_;
}

bool TopicConfigManager::is_system(std::string_view name) const {
  MutexLock lock(mutex_);
  return is_system_topic(name) || system_.find(name) != system_.end();
}

std::vector<std::string> TopicConfigManager::system_topics() const {
  MutexLock lock(mutex_);
  std::vector<std::string> names;
  for (const auto& [name, topic] : system_) names.push_back(name);
  // Known by name also while they are not there.
  for (const std::string_view name : {topic_name::kTrace, topic_name::kCheckMaxTime}) {
    if (!system_.contains(name)) names.emplace_back(name);
  }
  return names;
}

std::optional<Topic> TopicConfigManager::model_for_send(std::string_view default_topic, int32_t queues,
                                                        bool auto_create) const {
  const TopicPtr model = find(default_topic);
  if (!model || (model->perm & permission::kInherit) == 0) return std::nullopt;
  if (default_topic == topic_name::kAutoCreate && !auto_create) return std::nullopt;
  // What the default topic gives away is its permission, not the right to give it on.
  Topic topic;
  topic.read_queues = topic.write_queues = std::max(0, std::min(queues, model->write_queues));
  topic.perm = model->perm & ~permission::kInherit;
  topic.sys_flag = model->sys_flag;
  topic.filter_type = model->filter_type;
  return topic;
}

Result<Topic> TopicConfigManager::ensure(const std::string& name, int32_t queues, int32_t perm) {
  if (const TopicPtr known = find(name)) return *known;
  Topic topic;
  topic.read_queues = topic.write_queues = queues;
  topic.perm = perm;
  Result<TopicPtr> added = add(name, std::move(topic));
  if (!added) return std::move(added).error();
  return **added;
}

Result<TopicPtr> TopicConfigManager::add(const std::string& name, Topic topic) {
  MutexLock changing(change_mutex_);
  Table table = copy();
  const auto [entry, made] = table.try_emplace(name, shared(std::move(topic)));
  const TopicPtr added = entry->second;
  if (!made) return added;
  if (Status status = replace(std::move(table)); !status.ok()) return status;
  return added;
}

Status TopicConfigManager::ensure(const NamedTopics& wanted) {
  if (wanted.empty()) return {};
  MutexLock changing(change_mutex_);
  Table table = copy();
  const size_t before = table.size();
  for (const auto& [name, topic] : wanted) table.try_emplace(name, shared(topic));
  return table.size() == before ? Status() : replace(std::move(table));
}

Status TopicConfigManager::update(const NamedTopics& topics) {
  for (const auto& [name, topic] : topics) {
    if (Status status = check_entry(topic_json(name, topic)); !status.ok()) return status;
  }
  MutexLock changing(change_mutex_);
  Table table = copy();
  bool changed = false;
  for (const auto& [name, topic] : topics) {
    TopicPtr& entry = table[name];
    if (entry != nullptr && *entry == topic) continue;
    entry = shared(topic);
    changed = true;
  }
  return changed ? replace(std::move(table)) : Status();
}

Status TopicConfigManager::erase(const std::string& name) {
  MutexLock changing(change_mutex_);
  Table table = copy();
  return table.erase(name) == 0 ? Status() : replace(std::move(table));
}

TopicConfigManager::Table TopicConfigManager::copy() const {
  MutexLock lock(mutex_);
  return topics_;
}

Status TopicConfigManager::replace(Table table) {
  DataVersion next = version();
  next.next(clock_.now());
  if (Status status = save(table, next); !status.ok()) return status;
  MutexLock lock(mutex_);
  topics_.swap(table);
  version_ = next;
  return {};
}

Status TopicConfigManager::save(const Table& table, const DataVersion& version) {
  ConfigTable file{ConfigJson::object(), version};
  for (const auto& [name, topic] : table) add_member(file.table, name, topic_json(name, *topic));
  return file_.save(std::move(file));
}

}  // namespace mqctl
