// KvConfigManager: the name server's free key-value table (Apache: KVConfigManager; kvConfig.json). Thread-safe.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "cli/broker/config_table.h"
#include "libstore/base/mutex.h"

namespace mqctl {

class KvConfigManager {
 public:
  using Table = std::map<std::string, std::string>;
  KvConfigManager(FileSystem& fs, std::string path) : file_(fs, std::move(path), "configTable") {}
  Status load() EXCLUDES(mutex_);
  // kInvalidArgument for names of more than 1 KiB, and for values of more than 1 MiB.
  Status put(const std::string& space, const std::string& key, const std::string& value) EXCLUDES(mutex_);
  Status erase(const std::string& space, const std::string& key) EXCLUDES(mutex_);
  std::optional<std::string> get(const std::string& space, const std::string& key) const EXCLUDES(mutex_);
  std::optional<Table> list(const std::string& space) const EXCLUDES(mutex_);

 private:
  using Spaces = std::map<std::string, Table>;
  // What cannot be saved is not changed.
  Status replace(Spaces spaces) REQUIRES(mutex_);
  Status save() REQUIRES(mutex_);
  mutable Mutex mutex_;
  ConfigTableFile file_ GUARDED_BY(mutex_);
  Spaces spaces_ GUARDED_BY(mutex_);
};

}  // namespace mqctl
