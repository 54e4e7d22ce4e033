#include "libstore/store/topic_config.h"

#include <algorithm>
#include <utility>

#include "libstore/base/utf8.h"
#include "libstore/store/lenient_json.h"

namespace mqctl {
namespace {

constexpr const char* kTable = "topicConfigTable";
constexpr const char* kReadQueues = "readQueueNums";
constexpr const char* kWriteQueues = "writeQueueNums";

// Apache decodes a file with a missing member, but not one with a null or foreign one.
bool is_topics_file(const ConfigJson& json) {
  if (!json.is_object()) return false;
  const auto table = json.find(kTable);
  const auto version = json.find("dataVersion");
  return (table == json.end() || table->is_object()) && (version == json.end() || version->is_object());
}

ConfigJson new_file() {
  ConfigJson file = ConfigJson::object();
  file["dataVersion"] = ConfigJson::object();
  file[kTable] = ConfigJson::object();
  return file;
}

Result<ConfigFile> load_or_new(FileSystem& fs, std::string_view store_root) {
  Result<ConfigFile> file = load_config_file(fs, topics_file(store_root), &is_topics_file);
  if (!file && file.error().code() == Errc::kNotFound) return ConfigFile{new_file(), false};
  return file;
}

// Members and their order as fastjson writes a TopicConfig.
ConfigJson new_entry(const TopicNeed& need) {
  ConfigJson entry = ConfigJson::object();
  entry["attributes"] = ConfigJson::object();
  entry["order"] = false;
  entry["perm"] = 6;
  entry[kReadQueues] = need.queues;
  entry["topicFilterType"] = "SINGLE_TAG";
  entry["topicName"] = need.topic;
  entry["topicSysFlag"] = 0;
  entry[kWriteQueues] = need.queues;
  return entry;
}

// A count that is not there is Apache's default, 16.
int32_t count_in(const ConfigJson& entry, const char* name) {
  constexpr int32_t kDefaultQueues = 16;
  const auto found = entry.find(name);
  if (found == entry.end() || !found->is_number_integer()) return kDefaultQueues;
  return static_cast<int32_t>(std::clamp<int64_t>(found->get<int64_t>(), 0, INT32_MAX));
}

bool raise(ConfigJson& entry, const char* name, int32_t queues) {
  if (count_in(entry, name) >= queues) return false;
  entry[name] = queues;
  return true;
}

// The name as Java would read it from the record: bytes that are not UTF-8 cannot stand in the file.
void meet(ConfigJson& table, const TopicNeed& bytes, std::vector<TopicChange>& changes) {
  const TopicNeed need{to_valid_utf8(bytes.topic), bytes.queues};
  const auto found = table.find(need.topic);
  if (found == table.end() || !found->is_object()) {
    if (built_in_queues(need.topic) >= need.queues) return;
    table[need.topic] = new_entry(need);
    changes.push_back({need.topic, 0, need.queues});
    return;
  }
  const int32_t before = std::min(count_in(*found, kReadQueues), count_in(*found, kWriteQueues));
  const bool read = raise(*found, kReadQueues, need.queues);
  const bool write = raise(*found, kWriteQueues, need.queues);
  if (read || write) changes.push_back({need.topic, before, need.queues});
}

std::vector<TopicChange> meet_all(ConfigJson& file, const std::vector<TopicNeed>& needs) {
  std::vector<TopicChange> changes;
  ConfigJson& table = file[kTable];
  if (!table.is_object()) table = ConfigJson::object();
  for (const TopicNeed& need : needs) meet(table, need, changes);
  return changes;
}

}  // namespace

std::string topics_file(std::string_view store_root) {
  return join_path(join_path(store_root, "config"), "topics.json");
}

// Apache: TopicConfigManager.init. Topics it makes only when they are first used (TRANS_CHECK_MAX_TIME_TOPIC) or when
// configured (RMQ_SYS_TRACE_TOPIC) are not among them. An entry in the file would replace the broker's own.
int32_t built_in_queues(std::string_view topic) {
  constexpr std::pair<std::string_view, int32_t> kTopics[] = {{"SELF_TEST_TOPIC", 1},
                                                              {"TBW102", 8},
                                                              {"BenchmarkTest", 1024},
                                                              {"OFFSET_MOVED_EVENT", 1},
                                                              {"SCHEDULE_TOPIC_XXXX", 18},
                                                              {"RMQ_SYS_TRANS_HALF_TOPIC", 1},
                                                              {"RMQ_SYS_TRANS_OP_HALF_TOPIC", 1}};
  for (const auto& [name, queues] : kTopics) {
    if (topic == name) return queues;
  }
  return topic.starts_with("rmq_sys_") ? INT32_MAX : 0;
}

Result<std::vector<TopicConfig>> load_topics(FileSystem& fs, std::string_view store_root) {
  Result<ConfigFile> file = load_or_new(fs, store_root);
  if (!file) return std::move(file).error();
  std::vector<TopicConfig> topics;
  const auto table = file->json.find(kTable);
  if (table == file->json.end()) return topics;
  for (const auto& [name, entry] : table->items()) {
    if (!entry.is_object()) continue;
    const auto perm = entry.find("perm");
    const bool has_perm = perm != entry.end() && perm->is_number_integer();
    topics.push_back({name, count_in(entry, kReadQueues), count_in(entry, kWriteQueues),
                      has_perm ? static_cast<int32_t>(perm->get<int64_t>()) : 6});
  }
  return topics;
}

Result<std::vector<TopicChange>> plan_topics(FileSystem& fs, std::string_view store_root,
                                             const std::vector<TopicNeed>& needs) {
  Result<ConfigFile> file = load_or_new(fs, store_root);
  if (!file) return std::move(file).error();
  return meet_all(file->json, needs);
}

Result<std::vector<TopicChange>> ensure_topics(FileSystem& fs, std::string_view store_root,
                                               const std::vector<TopicNeed>& needs, EpochMs now) {
  Result<ConfigFile> file = load_or_new(fs, store_root);
  if (!file) return std::move(file).error();
  std::vector<TopicChange> changes = meet_all(file->json, needs);
  if (changes.empty()) return changes;
  Status saved = save_config_file(fs, topics_file(store_root), *file, now);
  if (!saved.ok()) return saved;
  return changes;
}

}  // namespace mqctl
