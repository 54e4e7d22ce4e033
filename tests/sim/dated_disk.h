// DatedDisk: the simulated disk as the broker sees it, with a date for each segment of the log: a mapping is written
// without a call, so only who watches the log knows when. The disk beneath may be exchanged.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "tests/sim/simulated_disk.h"

namespace mqctl::sim {

class DatedDisk final : public FileSystem {
 public:
  explicit DatedDisk(const std::unique_ptr<SimulatedDisk>& disk) : disk_(disk) {}

  // Called before a date is told.
  void on_stat(std::function<void()> watch) { watch_ = std::move(watch); }
  void written(const std::string& path, EpochMs when) { dates_[path] = when; }
  // Of a file that was never written: never.
  EpochMs modified(const std::string& path) const {
    const auto found = dates_.find(path);
    return found == dates_.end() ? EpochMs(INT64_MAX) : found->second;
  }

  Result<FileStat> stat(const std::string& path) override {
    watch_();
    Result<FileStat> found = disk_->stat(path);
    if (found) found->modified = modified(path);
    return found;
  }
  Result<std::unique_ptr<File>> open(const std::string& path, OpenMode mode) override {
    return disk_->open(path, mode);
  }
  Result<std::vector<DirectoryEntry>> list(const std::string& directory) override { return disk_->list(directory); }
  Status create_directories(const std::string& directory) override { return disk_->create_directories(directory); }
  Status rename(const std::string& from, const std::string& to) override { return disk_->rename(from, to); }
  Status remove(const std::string& path) override { return disk_->remove(path); }
  Status sync_directory(const std::string& directory) override { return disk_->sync_directory(directory); }
  Result<SpaceInfo> space(const std::string& path) override { return disk_->space(path); }

 private:
  const std::unique_ptr<SimulatedDisk>& disk_;
  std::function<void()> watch_ = [] {};
  std::map<std::string, EpochMs> dates_;
};

}  // namespace mqctl::sim
