#include "cli/broker/config_table.h"

#include <algorithm>

#include "libstore/os/replace_file.h"

namespace mqctl {
namespace {

bool is_object(const ConfigJson& json) { return json.is_object(); }

bool nests_deeper(const ConfigJson& json, int levels) {
  if (!json.is_structured()) return false;
  return levels == 0 || std::any_of(json.begin(), json.end(),
                                    [levels](const ConfigJson& each) { return nests_deeper(each, levels - 1); });
}

}  // namespace

int64_t number_in(const ConfigJson& json, const char* name, int64_t otherwise) {
  const auto found = json.find(name);
  if (found == json.end()) return otherwise;
  if (found->is_number_integer()) return found->get<int64_t>();
  if (!found->is_string()) return otherwise;
  const std::string& text = found->get_ref<const std::string&>();
  char* end = nullptr;
  const long long value = std::strtoll(text.c_str(), &end, 10);
  return end == text.c_str() || *end != '\0' ? otherwise : value;
}

bool bool_in(const ConfigJson& json, const char* name, bool otherwise) {
  const auto found = json.find(name);
  return found != json.end() && found->is_boolean() ? found->get<bool>() : otherwise;
}

std::string text_in(const ConfigJson& json, const char* name, const std::string& otherwise) {
  const auto found = json.find(name);
  return found != json.end() && found->is_string() ? found->get<std::string>() : otherwise;
}

Result<ConfigTable> ConfigTableFile::load() {
  ConfigTable loaded;
  Result<ConfigFile> file = load_config_file(fs_, path_, &is_object);
  if (!file) return file.error().code() == Errc::kNotFound ? Result<ConfigTable>(loaded) : std::move(file).error();
  from_backup_ = file->from_backup;
  const auto table = file->json.find(member_);
  if (table != file->json.end() && table->is_object()) loaded.table = *table;
  for (const auto& [name, value] : file->json.items()) {
    if (name != member_ && name != "dataVersion") add_member(loaded.others, name, value);
  }
  const auto version = file->json.find("dataVersion");
  if (version != file->json.end() && version->is_object()) {
    loaded.version = {number_in(*version, "counter", 0), number_in(*version, "stateVersion", 0),
                      number_in(*version, "timestamp", 0)};
  }
  return loaded;
}

Status ConfigTableFile::save(ConfigTable table) {
  if (Status status = fs_.create_directories(parent_path(path_)); !status.ok()) return status;
  ConfigJson file = std::move(table.others);
  file["dataVersion"] = table.version.json();
  file[member_] = std::move(table.table);
  const std::string text = write_config_json(file);
  if (text.size() > most_bytes_ || nests_deeper(file, kMaxJsonNesting))
    return Status::error(Errc::kInvalidArgument, "would be too large to be read again").at(path_);
  const Backup backup = from_backup_ ? Backup::kNone : Backup::kKeepBak;
  Status status = replace_file(fs_, path_, text, backup);
  if (status.ok()) from_backup_ = false;
  return status;
}

Status check_entry(const ConfigJson& entry) {
  constexpr size_t kMostBytes = 64u << 10;
  const size_t bytes = write_config_json(entry).size();
  if (bytes <= kMostBytes) return {};
  return Status::error(Errc::kInvalidArgument, "the settings have " + std::to_string(bytes) + " bytes, more than " +
                                                   std::to_string(kMostBytes));
}

}  // namespace mqctl
