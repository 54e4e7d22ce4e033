#include "cli/broker/consumer_offset_manager.h"

#include <algorithm>
#include <charconv>

namespace mqctl {
namespace {

constexpr const char* kTable = "offsetTable";

ConsumerOffsetManager::Queues queues_from(const ConfigJson& json) {
  ConsumerOffsetManager::Queues queues;
  for (const auto& [name, value] : json.items()) {
    int32_t queue = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), queue);
    if (error == std::errc() && end == name.data() + name.size() && value.is_number_integer()) {
      queues[queue] = value.get<int64_t>();
    }
  }
  return queues;
}

ConfigJson table_json(const std::map<std::pair<std::string, std::string>, ConsumerOffsetManager::Queues>& offsets) {
  ConfigJson table = ConfigJson::object();
  for (const auto& [key, queues] : offsets) {
    ConfigJson entry = ConfigJson::object();
    for (const auto& [queue, offset] : queues) add_member(entry, std::to_string(queue), offset);
    add_member(table, key.first + "@" + key.second, std::move(entry));
  }
  return table;
}

}  // namespace

ConsumerOffsetManager::ConsumerOffsetManager(FileSystem& fs, const Clock& clock, std::string path)
    : clock_(clock), file_(fs, std::move(path), kTable) {}

Status ConsumerOffsetManager::load() {
  Result<ConfigTable> loaded = file_.load();
  if (!loaded) return std::move(loaded).error();
  MutexLock lock(mutex_);
  version_ = loaded->version;
  for (const auto& [name, queues] : loaded->table.items()) {
    const size_t mark = name.find('@');
    if (mark == name.npos || !queues.is_object()) continue;
    offsets_[{name.substr(0, mark), name.substr(mark + 1)}] = queues_from(queues);
  }
  return {};
}

void ConsumerOffsetManager::limit(const std::function<int64_t(const std::string&, int32_t)>& end) {
  MutexLock lock(mutex_);
  for (auto& [key, queues] : offsets_) {
    for (auto& [queue, offset] : queues) {
      const int64_t most = end(key.first, queue);
      changed_ = changed_ || offset > most;
      offset = std::min(offset, most);
    }
  }
}

// Text is made of it without the lock: clients commit and ask meanwhile.
Status ConsumerOffsetManager::persist(const BeforeWrite& before_write) {
  Table offsets;
  DataVersion version;
  {
    MutexLock lock(mutex_);
    if (!changed_) return {};
    changed_ = false;
    version_.next(clock_.now());
    offsets = offsets_;
    version = version_;
  }
  Status status = before_write();
  if (status.ok()) status = file_.save({table_json(offsets), version});
  if (status.ok()) return status;
  MutexLock lock(mutex_);
  changed_ = true;
  return status;
}

ConsumerOffsetManager::Table ConsumerOffsetManager::copy() const {
  MutexLock lock(mutex_);
  return offsets_;
}

void ConsumerOffsetManager::for_each(
    const std::function<void(const std::string&, const std::string&, int32_t, int64_t)>& each) const {
  for (const auto& [key, queues] : copy()) {
    for (const auto& [queue, offset] : queues) each(key.first, key.second, queue, offset);
  }
}

ConfigJson ConsumerOffsetManager::json() const {
  Table offsets;
  DataVersion version;
  {
    MutexLock lock(mutex_);
    offsets = offsets_;
    version = version_;
  }
  return ConfigJson{{"dataVersion", version.json()}, {kTable, table_json(offsets)}};
}

bool ConsumerOffsetManager::commit(std::string_view group, std::string_view topic, int32_t queue, int64_t offset) {
  const Key key(topic, group);
  MutexLock lock(mutex_);
  if (const auto reset = resets_.find(key); reset != resets_.end() && reset->second.contains(queue)) return false;
  offsets_[key][queue] = offset;
  changed_ = true;
  return true;
}

std::optional<int64_t> ConsumerOffsetManager::query(std::string_view group, std::string_view topic,
                                                    int32_t queue) const {
  MutexLock lock(mutex_);
  const auto found = offsets_.find(Key(topic, group));
  if (found == offsets_.end()) return std::nullopt;
  const auto offset = found->second.find(queue);
  return offset == found->second.end() || offset->second < 0 ? std::nullopt : std::optional(offset->second);
}

void ConsumerOffsetManager::reset(std::string_view group, std::string_view topic, int32_t queue, int64_t offset) {
  const Key key(topic, group);
  MutexLock lock(mutex_);
  offsets_[key][queue] = offset;
  resets_[key][queue] = offset;
  changed_ = true;
}

std::optional<int64_t> ConsumerOffsetManager::take_reset(std::string_view group, std::string_view topic,
                                                         int32_t queue) {
  MutexLock lock(mutex_);
  if (resets_.empty()) return std::nullopt;  // the usual case, asked for with every pull
  const auto found = resets_.find(Key(topic, group));
  if (found == resets_.end()) return std::nullopt;
  const auto offset = found->second.find(queue);
  if (offset == found->second.end()) return std::nullopt;
  const int64_t value = offset->second;
  found->second.erase(offset);
  if (found->second.empty()) resets_.erase(found);
  return value;
}

void ConsumerOffsetManager::note_pull(std::string_view group, std::string_view topic, int32_t queue, int64_t offset) {
  MutexLock lock(mutex_);
  pulls_[Key(topic, group)][queue] = offset;
}

std::optional<int64_t> ConsumerOffsetManager::last_pull(std::string_view group, std::string_view topic,
                                                        int32_t queue) const {
  MutexLock lock(mutex_);
  const auto queues = pulls_.find(Key(topic, group));
  if (queues == pulls_.end()) return std::nullopt;
  const auto found = queues->second.find(queue);
  return found == queues->second.end() ? std::nullopt : std::optional(found->second);
}

std::set<std::string> ConsumerOffsetManager::topics_of(std::string_view group) const {
  MutexLock lock(mutex_);
  std::set<std::string> topics;
  for (const auto& [key, queues] : offsets_) {
    if (key.second == group) topics.insert(key.first);
  }
  return topics;
}

std::set<std::string> ConsumerOffsetManager::groups_of(std::string_view topic) const {
  MutexLock lock(mutex_);
  std::set<std::string> groups;
  for (const auto& [key, queues] : offsets_) {
    if (key.first == topic) groups.insert(key.second);
  }
  return groups;
}

ConsumerOffsetManager::Queues ConsumerOffsetManager::queues_of(std::string_view group, std::string_view topic) const {
  MutexLock lock(mutex_);
  const auto found = offsets_.find(Key(topic, group));
  return found == offsets_.end() ? Queues() : found->second;
}

void ConsumerOffsetManager::remove_topic(std::string_view topic) {
  MutexLock lock(mutex_);
  const auto of_topic = [topic](const auto& entry) { return entry.first.first == topic; };
  changed_ = std::erase_if(offsets_, of_topic) > 0 || changed_;
  std::erase_if(resets_, of_topic);
  std::erase_if(pulls_, of_topic);
}

void ConsumerOffsetManager::remove_group(std::string_view group) {
  MutexLock lock(mutex_);
  const auto of_group = [group](const auto& entry) { return entry.first.second == group; };
  changed_ = std::erase_if(offsets_, of_group) > 0 || changed_;
  std::erase_if(resets_, of_group);
  std::erase_if(pulls_, of_group);
}

void ConsumerOffsetManager::copy_group(std::string_view from, std::string_view to, std::string_view topic) {
  MutexLock lock(mutex_);
  const auto found = offsets_.find(Key(topic, from));
  if (found == offsets_.end()) return;
  offsets_[Key(topic, to)] = found->second;
  changed_ = true;
}

}  // namespace mqctl
