#include "cli/broker/subscription_group_manager.h"

#include <utility>

#include "cli/broker/topic_validator.h"

namespace mqctl {
namespace {

constexpr const char* kForbidden = "forbiddenTable";
constexpr int64_t kReadBit = 1 << 2;  // Apache: PermName.INDEX_PERM_READ
constexpr const char* kPredefined[] = {"TOOLS_CONSUMER",     "FILTERSRV_CONSUMER", "SELF_TEST_C_GROUP",
                                       "CID_ONS-HTTP-PROXY", "CID_ONSAPI_PULL",    "CID_ONSAPI_PERMISSION",
                                       "CID_ONSAPI_OWNER",   "CID_RMQ_SYS_TRANS"};

}  // namespace

ConfigJson default_group_json(const std::string& name) {
  return ConfigJson{{"attributes", ConfigJson::object()},
                    {"brokerId", 0},
                    {"consumeBroadcastEnable", true},
                    {"consumeEnable", true},
                    {"consumeFromMinEnable", true},
                    {"consumeMessageOrderly", false},
                    {"consumeTimeoutMinute", 15},
                    {"groupName", name},
                    {"groupRetryPolicy", ConfigJson{{"type", "CUSTOMIZED"}}},
                    {"groupSysFlag", 0},
                    {"notifyConsumerIdsChangedEnable", true},
                    {"retryMaxTimes", 16},
                    {"retryQueueNums", 1},
                    {"whichBrokerWhenConsumeSlowly", 1}};
}

Status SubscriptionGroupManager::load() {
  MutexLock lock(mutex_);
  Result<ConfigTable> loaded = file_.load();
  if (!loaded) return std::move(loaded).error();
  version_ = loaded->version;
  others_ = loaded->others;
  if (const auto forbidden = others_.find(kForbidden); forbidden != others_.end() && forbidden->is_object()) {
    for (const auto& [group, topics] : forbidden->items()) {
      if (!topics.is_object()) continue;
      for (const auto& [topic, bits] : topics.items()) {
        if (bits.is_number_integer()) tables_.forbidden[group][topic] = bits.get<int64_t>();
      }
    }
  }
  for (const auto& [name, entry] : loaded->table.items()) {
    if (entry.is_object()) tables_.groups.insert_or_assign(name, entry);
  }
  for (const char* name : kPredefined) tables_.groups.try_emplace(name, default_group_json(name));
  return {};
}

Status SubscriptionGroupManager::replace(Tables tables) {
  std::swap(tables_, tables);
  Status status = save();
  if (!status.ok()) std::swap(tables_, tables);
  return status;
}

Result<std::optional<SubscriptionGroup>> SubscriptionGroupManager::find(std::string_view name, bool auto_create) {
  MutexLock lock(mutex_);
  if (const auto found = tables_.groups.find(name); found != tables_.groups.end()) {
    return std::optional(SubscriptionGroup{found->second});
  }
  if (!auto_create && !is_system_group(name)) return std::optional<SubscriptionGroup>();
  if (!group_fault(name).empty()) return std::optional<SubscriptionGroup>();
  const ConfigJson json = default_group_json(std::string(name));
  Tables tables = tables_;
  tables.groups.emplace(name, json);
  if (Status status = replace(std::move(tables)); !status.ok()) return status;
  return std::optional(SubscriptionGroup{json});
}

std::vector<std::pair<std::string, ConfigJson>> SubscriptionGroupManager::all() const {
  MutexLock lock(mutex_);
  return {tables_.groups.begin(), tables_.groups.end()};
}

DataVersion SubscriptionGroupManager::version() const {
  MutexLock lock(mutex_);
  return version_;
}

Status SubscriptionGroupManager::update(const std::string& name, const ConfigJson& json) {
  if (Status status = check_entry(json); !status.ok()) return status;
  MutexLock lock(mutex_);
  const auto known = tables_.groups.find(name);
  if (known != tables_.groups.end() && known->second == json) return {};
  Tables tables = tables_;
  tables.groups.insert_or_assign(name, json);
  return replace(std::move(tables));
}

Status SubscriptionGroupManager::erase(const std::string& name) {
  MutexLock lock(mutex_);
  Tables tables = tables_;
  return tables.groups.erase(name) == 0 ? Status() : replace(std::move(tables));
}

bool SubscriptionGroupManager::may_read(std::string_view group, std::string_view topic) const {
  MutexLock lock(mutex_);
  if (tables_.forbidden.empty()) return true;
  const auto topics = tables_.forbidden.find(group);
  if (topics == tables_.forbidden.end()) return true;
  const auto bits = topics->second.find(topic);
  return bits == topics->second.end() || (bits->second & kReadBit) == 0;
}

Status SubscriptionGroupManager::set_may_read(const std::string& group, const std::string& topic, bool readable) {
  MutexLock lock(mutex_);
  Tables tables = tables_;
  int64_t& bits = tables.forbidden[group][topic];
  bits = readable ? bits & ~kReadBit : bits | kReadBit;
  if (bits == 0) tables.forbidden[group].erase(topic);
  if (tables.forbidden[group].empty()) tables.forbidden.erase(group);
  return replace(std::move(tables));
}

ConfigJson SubscriptionGroupManager::forbidden_table() const {
  ConfigJson table = ConfigJson::object();
  for (const auto& [group, topics] : tables_.forbidden) {
    ConfigJson entry = ConfigJson::object();
    for (const auto& [topic, bits] : topics) add_member(entry, topic, bits);
    add_member(table, group, std::move(entry));
  }
  return table;
}

ConfigJson SubscriptionGroupManager::forbidden_json() const {
  MutexLock lock(mutex_);
  return forbidden_table();
}

Status SubscriptionGroupManager::save() {
  version_.next(clock_.now());
  ConfigTable file{ConfigJson::object(), version_, others_};
  file.others[kForbidden] = forbidden_table();
  for (const auto& [name, json] : tables_.groups) add_member(file.table, name, json);
  return file_.save(std::move(file));
}

}  // namespace mqctl
