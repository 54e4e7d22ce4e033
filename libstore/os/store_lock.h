// StoreLock: holds `<root>/lock` as Apache's broker does (DefaultMessageStore.start): an fcntl write lock on byte 0,
// then the four bytes "lock", forced. Taken before anything in the store is touched (Apache: after recovery).
// Released by the destructor. One per store and process.
#pragma once

#include <memory>
#include <string>

#include "libstore/base/result.h"
#include "libstore/os/file_system.h"

namespace mqctl {

enum class LockProbe : uint8_t { kFree, kHeld };

class StoreLock {
 public:
  // kBusy, with the holder's process id in the message, where another process has it.
  static Result<StoreLock> acquire(FileSystem& fs, const std::string& root);
  // Whether another process holds it, without taking it: for read-only commands (opens for reading only). A missing
  // or unreadable lock file counts as free.
  static LockProbe probe(FileSystem& fs, const std::string& root);

 private:
  explicit StoreLock(std::unique_ptr<File> file) : file_(std::move(file)) {}
  std::unique_ptr<File> file_;
};

}  // namespace mqctl
