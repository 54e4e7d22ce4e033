// Stores with sync flush on a disk that a test holds up.
#pragma once

#include <condition_variable>
#include <mutex>

#include "tests/unit/store/store_support.h"
#include "tests/unit/support/hooked_file_system.h"

namespace mqctl::test {

inline StoreOptions sync_options(std::chrono::milliseconds limit = std::chrono::seconds(30)) {
  StoreOptions options = small_options();
  options.segment_bytes = 1u << 20;
  options.flush.mode = FlushMode::kSync;
  options.flush.sync_limit = limit;
  return options;
}

// HeldDisk: a disk whose syncs of the commit log can be held up, made to fail, and counted.
class HeldDisk {
 public:
  FileSystem* file_system() { return &hooked_; }
  int syncs() {
    std::lock_guard lock(mutex_);
    return syncs_;
  }
  void close_gate() { set_open(false); }
  void open_gate() { set_open(true); }
  void wait_until_held() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return held_; });
  }
  void fail() {
    std::lock_guard lock(mutex_);
    failing_ = true;
  }
  void refuse_writes(bool refused) {
    std::lock_guard lock(mutex_);
    refusing_ = refused;
  }

 private:
  void set_open(bool open) {
    std::lock_guard lock(mutex_);
    open_ = open;
    changed_.notify_all();
  }
  Status before(Operation operation, const std::string& path) {
    if (path.find("commitlog") == std::string::npos) return {};
    std::unique_lock lock(mutex_);
    if (operation == Operation::kWrite && refusing_) return Status::error(Errc::kNoSpace, "no room for this");
    if (operation != Operation::kMapSync) return {};
    ++syncs_;
    held_ = !open_;
    changed_.notify_all();
    changed_.wait(lock, [&] { return open_; });
    held_ = false;
    return failing_ ? Status::error(Errc::kIoError, "the disk is gone") : Status();
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  bool open_ = true, held_ = false, failing_ = false, refusing_ = false;
  int syncs_ = 0;
  UnsyncedFileSystem unsynced_{posix_file_system()};
  HookedFileSystem hooked_{unsynced_,
                           [this](Operation operation, const std::string& path) { return before(operation, path); }};
};

}  // namespace mqctl::test
