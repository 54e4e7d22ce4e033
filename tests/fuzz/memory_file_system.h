// A disk in memory for the fuzzers: fast, never full, never failing. Unlike tests/sim it knows nothing of what was
// synced. Thread-safe but for the bytes of mappings, as with a real one.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "libstore/base/mutex.h"
#include "libstore/os/file_system.h"

namespace mqctl::test {

// Content never moves while it is mapped: it has room for what it may become.
struct MemoryInode {
  mutable Mutex mutex;
  std::vector<std::byte> content GUARDED_BY(mutex);
  size_t size GUARDED_BY(mutex) = 0;
  int mappings GUARDED_BY(mutex) = 0;
  EpochMs modified GUARDED_BY(mutex);
};

class MemoryFileSystem final : public FileSystem {
 public:
  // A file as it is to be found, and the directories above it.
  void put(const std::string& path, Bytes content);
  // Every file's bytes.
  std::map<std::string, std::string> files() const EXCLUDES(mutex_);

  Result<std::unique_ptr<File>> open(const std::string& path, OpenMode mode) override EXCLUDES(mutex_);
  Result<FileStat> stat(const std::string& path) override EXCLUDES(mutex_);
  Result<std::vector<DirectoryEntry>> list(const std::string& directory) override EXCLUDES(mutex_);
  Status create_directories(const std::string& directory) override EXCLUDES(mutex_);
  Status rename(const std::string& from, const std::string& to) override EXCLUDES(mutex_);
  Status remove(const std::string& path) override EXCLUDES(mutex_);
  Status sync_directory(const std::string&) override { return {}; }
  Result<SpaceInfo> space(const std::string&) override {
    return SpaceInfo{.total_bytes = uint64_t{1} << 40, .available_bytes = uint64_t{1} << 39};
  }

 private:
  using InodePtr = std::shared_ptr<MemoryInode>;  // null: a directory
  mutable Mutex mutex_;
  std::map<std::string, InodePtr> names_ GUARDED_BY(mutex_);
};

}  // namespace mqctl::test
