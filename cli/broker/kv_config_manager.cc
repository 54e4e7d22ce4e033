#include "cli/broker/kv_config_manager.h"

namespace mqctl {
namespace {

constexpr size_t kMostNameBytes = 1u << 10, kMostValueBytes = 1u << 20;

}  // namespace

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
  if (space.size() > kMostNameBytes || key.size() > kMostNameBytes || value.size() > kMostValueBytes)
    return Status::error(Errc::kInvalidArgument, "a namespace and a key have 1 KiB at most, a value 1 MiB");
  MutexLock lock(mutex_);
  Spaces spaces = spaces_;
  spaces[space][key] = value;
  return replace(std::move(spaces));
}

Status KvConfigManager::erase(const std::string& space, const std::string& key) {
  MutexLock lock(mutex_);
  Spaces spaces = spaces_;
  const auto found = spaces.find(space);
  return found == spaces.end() || found->second.erase(key) == 0 ? Status() : replace(std::move(spaces));
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

Status KvConfigManager::replace(Spaces spaces) {
  spaces_.swap(spaces);
  Status status = save();
  if (!status.ok()) spaces_.swap(spaces);
  return status;
}

Status KvConfigManager::save() {
  ConfigTable file;
  for (const auto& [space, table] : spaces_) add_member(file.table, space, table);
  return file_.save(std::move(file));
}

}  // namespace mqctl
