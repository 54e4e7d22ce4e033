// The tables that a broker keeps as JSON under config/: loaded leniently, written whole and durably, the file before
// kept as `.bak` (docs/store-format.md, configuration).
#pragma once

#include <string>
#include <utility>

#include "cli/broker/data_version.h"
#include "libstore/base/result.h"
#include "libstore/os/file_system.h"

namespace mqctl {

struct ConfigTable {
  ConfigJson table = ConfigJson::object();
  DataVersion version;
  ConfigJson others = ConfigJson::object();  // what else the file has; kept
};

// The file of one table. Not thread-safe: its owner saves one state after the other.
class ConfigTableFile {
 public:
  ConfigTableFile(FileSystem& fs, std::string path, const char* member, uint64_t most_bytes = kMaxConfigFileBytes)
      : fs_(fs), path_(std::move(path)), member_(member), most_bytes_(most_bytes) {}
  // The object under `member`, empty where there is no file. kCorruption where neither it nor its backup can be read.
  Result<ConfigTable> load();
  // The old file becomes `.bak`, unless it was the `.bak` that was loaded: a broken file must not take its place.
  // kInvalidArgument, and all stays as it is, for what load() would not take back.
  Status save(ConfigTable table);

 private:
  FileSystem& fs_;
  const std::string path_;
  const char* const member_;
  const uint64_t most_bytes_;
  bool from_backup_ = false;
};

// What a client makes an entry of: more than anybody needs, and little enough for many of them. kInvalidArgument.
Status check_entry(const ConfigJson& entry);

// Puts a member behind the others, where none of that name is: to look for one is a walk over all of them, and a table
// is made by as many of these.
inline void add_member(ConfigJson& object, const std::string& name, ConfigJson value) {
  object.get_ref<ConfigJson::object_t&>().emplace_back(name, std::move(value));
}

// Members of any kind, with a default where they are missing or of another kind.
int64_t number_in(const ConfigJson& json, const char* name, int64_t otherwise);
bool bool_in(const ConfigJson& json, const char* name, bool otherwise);
std::string text_in(const ConfigJson& json, const char* name, const std::string& otherwise);

}  // namespace mqctl
