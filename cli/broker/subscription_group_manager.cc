#include "cli/broker/subscription_group_manager.h"

#include <set>
#include <utility>

#include "cli/broker/topic_validator.h"

namespace mqctl {
namespace {

constexpr const char* kForbidden = "forbiddenTable";
constexpr int64_t kReadBit = 1 << 2;  // Apache: PermName.INDEX_PERM_READ
constexpr const char* kPredefined[] = {"TOOLS_CONSUMER",     "FILTERSRV_CONSUMER", "SELF_TEST_C_GROUP",
                                       "CID_ONS-HTTP-PROXY", "CID_ONSAPI_PULL",    "CID_ONSAPI_PERMISSION",
                                       "CID_ONSAPI_OWNER",   "CID_RMQ_SYS_TRANS"};

auto shared(ConfigJson json) { return std::make_shared<const ConfigJson>(std::move(json)); }

ConfigJson forbidden_table(const auto& forbidden) {
  ConfigJson table = ConfigJson::object();
  for (const auto& [group, topics] : forbidden) add_member(table, group, topics);
  return table;
}

bool may_be_made(std::string_view name, bool auto_create) {
  return (auto_create || is_system_group(name)) && group_fault(name).empty();
}

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
  MutexLock changing(change_mutex_);
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
    if (entry.is_object()) tables_.groups.insert_or_assign(name, shared(entry));
  }
  for (const char* name : kPredefined) tables_.groups.try_emplace(name, shared(default_group_json(name)));
  return {};
}

Status SubscriptionGroupManager::replace(Tables tables) {
  DataVersion next = version();
  next.next(clock_.now());
  if (Status status = save(tables, next); !status.ok()) return status;
  MutexLock lock(mutex_);
  std::erase_if(made_, [&](const std::string& name) { return tables.groups.contains(name); });
  for (const std::string& name : made_) tables.groups.emplace(name, tables_.groups.at(name));  // while it was saved
  std::swap(tables_, tables);
  version_ = next;
  return {};
}

SubscriptionGroupManager::Tables SubscriptionGroupManager::copy() const {
  MutexLock lock(mutex_);
  return tables_;
}

bool SubscriptionGroupManager::contains(std::string_view name) const {
  MutexLock lock(mutex_);
  return tables_.groups.contains(name);
}

std::optional<SubscriptionGroup> SubscriptionGroupManager::known(std::string_view name) const {
  MutexLock lock(mutex_);
  const auto found = tables_.groups.find(name);
  return found == tables_.groups.end() ? std::nullopt : std::optional(SubscriptionGroup{*found->second});
}

std::vector<std::string> SubscriptionGroupManager::missing(const std::vector<std::string>& names,
                                                           bool auto_create) const {
  std::set<std::string> found;
  for (const std::string& name : names) {
    if (!contains(name) && may_be_made(name, auto_create)) found.insert(name);
  }
  return {found.begin(), found.end()};
}

std::optional<SubscriptionGroup> SubscriptionGroupManager::find(std::string_view name, bool auto_create) {
  constexpr size_t kMostUnsaved = 10000;
  std::optional<SubscriptionGroup> group = known(name);
  if (group || !may_be_made(name, auto_create)) return group;
  std::string made(name);
  MutexLock lock(mutex_);
  if (made_.size() == kMostUnsaved) return std::nullopt;
  const auto [entry, fresh] = tables_.groups.try_emplace(made, shared(default_group_json(made)));
  if (fresh) made_.insert(std::move(made));
  return SubscriptionGroup{*entry->second};
}

Status SubscriptionGroupManager::save_made() {
  MutexLock changing(change_mutex_);
  {
    MutexLock lock(mutex_);
    if (made_.empty()) return {};
  }
  return replace(copy());
}

Status SubscriptionGroupManager::ensure(const std::vector<std::string>& names, bool auto_create) {
  MutexLock changing(change_mutex_);
  const std::vector<std::string> made = missing(names, auto_create);
  if (made.empty()) return {};
  Tables tables = copy();
  for (const std::string& name : made) tables.groups.emplace(name, shared(default_group_json(name)));
  return replace(std::move(tables));
}

std::vector<std::pair<std::string, ConfigJson>> SubscriptionGroupManager::all() const {
  const Tables tables = copy();
  std::vector<std::pair<std::string, ConfigJson>> found;
  for (const auto& [name, group] : tables.groups) found.emplace_back(name, *group);
  return found;
}

DataVersion SubscriptionGroupManager::version() const {
  MutexLock lock(mutex_);
  return version_;
}

Status SubscriptionGroupManager::update(const std::map<std::string, ConfigJson>& groups) {
  for (const auto& [name, json] : groups) {
    if (Status status = check_entry(json); !status.ok()) return status;
  }
  MutexLock changing(change_mutex_);
  Tables tables = copy();
  bool changed = false;
  for (const auto& [name, json] : groups) {
    GroupPtr& entry = tables.groups[name];
    if (entry != nullptr && *entry == json) continue;
    entry = shared(json);
    changed = true;
  }
  return changed ? replace(std::move(tables)) : Status();
}

Status SubscriptionGroupManager::erase(const std::string& name) {
  MutexLock changing(change_mutex_);
  Tables tables = copy();
  {
    MutexLock lock(mutex_);
    made_.erase(name);
  }
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
  MutexLock changing(change_mutex_);
  Tables tables = copy();
  int64_t& bits = tables.forbidden[group][topic];
  bits = readable ? bits & ~kReadBit : bits | kReadBit;
  if (bits == 0) tables.forbidden[group].erase(topic);
  if (tables.forbidden[group].empty()) tables.forbidden.erase(group);
  return replace(std::move(tables));
}

ConfigJson SubscriptionGroupManager::forbidden_json() const {
  MutexLock lock(mutex_);
  return forbidden_table(tables_.forbidden);
}

Status SubscriptionGroupManager::save(const Tables& tables, const DataVersion& version) {
  ConfigTable file{ConfigJson::object(), version, others_};
  file.others[kForbidden] = forbidden_table(tables.forbidden);
  for (const auto& [name, group] : tables.groups) add_member(file.table, name, *group);
  return file_.save(std::move(file));
}

}  // namespace mqctl
