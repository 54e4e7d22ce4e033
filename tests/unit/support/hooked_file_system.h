// HookedFileSystem: another file system with a function asked before each operation that changes or syncs something,
// the syncing of mapped memory included. The function may wait, count, or say no: its failure is then the operation's.
#pragma once

#include <functional>
#include <string>

#include "libstore/os/file_system.h"

namespace mqctl::test {

enum class Operation : uint8_t {
  kCreate,  // open in a mode that may create
  kWrite,
  kSync,     // of a file
  kMapSync,  // of a mapped range
  kResize,
  kAllocate,
  kMakeDirectories,
  kRename,
  kRemove,
  kSyncDirectory,
};

class HookedFileSystem final : public FileSystem {
 public:
  using Hook = std::function<Status(Operation operation, const std::string& path)>;
  // `hook` is called by any thread. Both outlive every file given out.
  HookedFileSystem(FileSystem& base, Hook hook) : base_(base), hook_(std::move(hook)) {}

  Result<std::unique_ptr<File>> open(const std::string& path, OpenMode mode) override;
  Result<FileStat> stat(const std::string& path) override { return base_.stat(path); }
  Result<std::vector<DirectoryEntry>> list(const std::string& directory) override { return base_.list(directory); }
  Status create_directories(const std::string& directory) override;
  Status rename(const std::string& from, const std::string& to) override;
  Status remove(const std::string& path) override;
  Status sync_directory(const std::string& directory) override;
  Result<SpaceInfo> space(const std::string& path) override { return base_.space(path); }

 private:
  FileSystem& base_;
  const Hook hook_;
};

}  // namespace mqctl::test
