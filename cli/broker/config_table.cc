#include "cli/broker/config_table.h"

#include "libstore/os/replace_file.h"

namespace mqctl {
namespace {

bool is_object(const ConfigJson& json) { return json.is_object(); }

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
    if (name != member_ && name != "dataVersion") loaded.others[name] = value;
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
  const Backup backup = from_backup_ ? Backup::kNone : Backup::kKeepBak;
  Status status = replace_file(fs_, path_, write_config_json(file), backup);
  if (status.ok()) from_backup_ = false;
  return status;
}

}  // namespace mqctl
