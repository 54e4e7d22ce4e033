#include "cli/broker/kv_config_manager.h"

namespace mqctl {

Status KvConfigManager::load() {
  MutexLock lock(mutex_);
  Result<ConfigTable> loaded = file_.load();
  if (!loaded) return std::move(loaded).error();
  for (const auto& [space, table] : loaded->table.items()) {
    if (!table.is_object()) continue;
    for (const auto& [key, value] : table.items()) {
      if (value.is_string()) spaces_[space][key] = value.get<std::string>();
    }
  }
  return {};
}

Status KvConfigManager::put(const std::string& space, const std::string& key, const std::string& value) {
  MutexLock lock(mutex_);
  spaces_[space][key] = value;
  return save();
}

Status KvConfigManager::erase(const std::string& space, const std::string& key) {
  MutexLock lock(mutex_);
  const auto found = spaces_.find(space);
  return found == spaces_.end() || found->second.erase(key) == 0 ? Status() : save();
}

std::optional<std::string> KvConfigManager::get(const std::string& space, const std::string& key) const {
  MutexLock lock(mutex_);
  const auto table = spaces_.find(space);
  if (table == spaces_.end()) return std::nullopt;
  const auto value = table->second.find(key);
  return value == table->second.end() ? std::nullopt : std::optional(value->second);
}

std::optional<KvConfigManager::Table> KvConfigManager::list(const std::string& space) const {
  MutexLock lock(mutex_);
  const auto table = spaces_.find(space);
  return table == spaces_.end() ? std::nullopt : std::optional(table->second);
}

Status KvConfigManager::save() {
  ConfigTable file;
  for (const auto& [space, table] : spaces_) add_member(file.table, space, table);
  return file_.save(std::move(file));
}

}  // namespace mqctl
