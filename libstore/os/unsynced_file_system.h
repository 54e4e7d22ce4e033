// UnsyncedFileSystem: passes everything on to another file system but the syncing, which it drops. For writers that
// were told not to wait for the disk (`append --sync none`): what they write survives their own death, not a power cut.
#pragma once

#include "libstore/os/file_system.h"

namespace mqctl {

class UnsyncedFileSystem final : public FileSystem {
 public:
  // `base` outlives this object and every file it gave out.
  explicit UnsyncedFileSystem(FileSystem& base) : base_(base) {}

  Result<std::unique_ptr<File>> open(const std::string& path, OpenMode mode) override;
  Result<FileStat> stat(const std::string& path) override { return base_.stat(path); }
  Result<std::vector<DirectoryEntry>> list(const std::string& directory) override { return base_.list(directory); }
  Status create_directories(const std::string& directory) override { return base_.create_directories(directory); }
  Status rename(const std::string& from, const std::string& to) override { return base_.rename(from, to); }
  Status remove(const std::string& path) override { return base_.remove(path); }
  Status sync_directory(const std::string&) override { return {}; }
  Result<SpaceInfo> space(const std::string& path) override { return base_.space(path); }

 private:
  FileSystem& base_;
};

}  // namespace mqctl
