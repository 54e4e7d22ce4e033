#include "libstore/store/delay_offset.h"

#include <charconv>
#include <optional>
#include <utility>

#include "libstore/store/lenient_json.h"

namespace mqctl {
namespace {

constexpr const char* kTable = "offsetTable";

bool is_delay_offset_file(const ConfigJson& json) {
  if (!json.is_object()) return false;
  const auto table = json.find(kTable);
  return table == json.end() || table->is_object();
}

Result<ConfigFile> load_or_new(FileSystem& fs, std::string_view store_root) {
  Result<ConfigFile> file = load_config_file(fs, delay_offset_file(store_root), &is_delay_offset_file);
  if (!file && file.error().code() == Errc::kNotFound) return ConfigFile{ConfigJson::object(), false};
  return file;
}

std::optional<int32_t> level_of(std::string_view key) {
  int32_t level = 0;
  const auto [end, error] = std::from_chars(key.data(), key.data() + key.size(), level);
  if (error != std::errc() || end != key.data() + key.size()) return std::nullopt;
  return level;
}

}  // namespace

std::string delay_offset_file(std::string_view store_root) {
  return join_path(join_path(store_root, "config"), "delayOffset.json");
}

Result<DelayOffsets> load_delay_offsets(FileSystem& fs, std::string_view store_root) {
  Result<ConfigFile> file = load_or_new(fs, store_root);
  if (!file) return std::move(file).error();
  DelayOffsets offsets;
  const auto table = file->json.find(kTable);
  if (table == file->json.end()) return offsets;
  for (const auto& [key, value] : table->items()) {
    const std::optional<int32_t> level = level_of(key);
    if (level && value.is_number_integer()) offsets[*level] = QueueOffset(value.get<int64_t>());
  }
  return offsets;
}

Status save_delay_offsets(FileSystem& fs, std::string_view store_root, const DelayOffsets& offsets, EpochMs now) {
  Result<ConfigFile> file = load_or_new(fs, store_root);
  if (!file) return std::move(file).error();
  ConfigJson& table = file->json[kTable] = ConfigJson::object();
  for (const auto& [level, offset] : offsets) table[std::to_string(level)] = offset.value();
  return save_config_file(fs, delay_offset_file(store_root), *file, now);
}

}  // namespace mqctl
