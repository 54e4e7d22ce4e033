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

Result<ConfigTable> load_config_table(FileSystem& fs, const std::string& path, const char* member) {
  ConfigTable loaded;
  Result<ConfigFile> file = load_config_file(fs, path, &is_object);
  if (!file) return file.error().code() == Errc::kNotFound ? Result<ConfigTable>(loaded) : std::move(file).error();
  const auto table = file->json.find(member);
  if (table != file->json.end() && table->is_object()) loaded.table = *table;
  for (const auto& [name, value] : file->json.items()) {
    if (name != member && name != "dataVersion") loaded.others[name] = value;
  }
  const auto version = file->json.find("dataVersion");
  if (version != file->json.end() && version->is_object()) {
    loaded.version = {number_in(*version, "counter", 0), number_in(*version, "stateVersion", 0),
                      number_in(*version, "timestamp", 0)};
  }
  return loaded;
}

Status save_config_table(FileSystem& fs, const std::string& path, const char* member, const ConfigTable& table) {
  if (Status status = fs.create_directories(parent_path(path)); !status.ok()) return status;
  ConfigJson file = table.others;
  file["dataVersion"] = table.version.json();
  file[member] = table.table;
  return replace_file(fs, path, write_config_json(file), Backup::kKeepBak);
}

}  // namespace mqctl
