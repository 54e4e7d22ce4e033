// FileSystem: the one seam between libstore and the operating system.
//
// Everything libstore does to a disk goes through here, mapped memory and its syncing included, so that tests can
// replace the disk: posix_file_system() is the real one, tests/unit/support has one that injects faults and drops
// what was never synced. Paths are byte strings as the OS takes them. All methods are thread-safe.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "libstore/base/result.h"
#include "libstore/base/types.h"
#include "libstore/os/file.h"

namespace mqctl {

enum class FileKind : uint8_t { kRegular, kDirectory, kOther };

struct FileStat {
  FileKind kind = FileKind::kOther;
  uint64_t size_bytes = 0;
  uint64_t allocated_bytes = 0;  // real blocks; less than the size where the file is sparse
  EpochMs modified;
};

struct DirectoryEntry {
  std::string name;
  FileKind kind = FileKind::kOther;  // of what a symbolic link points to; kOther where it dangles
};

struct SpaceInfo {
  uint64_t total_bytes = 0;
  uint64_t available_bytes = 0;  // to an unprivileged writer
  uint64_t reserved_bytes = 0;   // free, but for the superuser alone

  // Of what an unprivileged writer could ever have, as df counts it. 0 to 1.
  double used_share() const {
    const uint64_t entire = total_bytes - std::min(total_bytes, reserved_bytes);
    if (entire == 0) return 0;
    return static_cast<double>(entire - std::min(entire, available_bytes)) / static_cast<double>(entire);
  }
};

enum class OpenMode : uint8_t {
  kRead,             // must exist
  kReadWrite,        // must exist
  kOpenOrCreate,     // read-write; kInvalidArgument where a symbolic link stands
  kCreateExclusive,  // read-write, must not exist
};

class FileSystem {
 public:
  virtual ~FileSystem() = default;

  virtual Result<std::unique_ptr<File>> open(const std::string& path, OpenMode mode) = 0;
  // Follows symbolic links. kNotFound where there is nothing.
  virtual Result<FileStat> stat(const std::string& path) = 0;
  // Without "." and "..", sorted by name.
  virtual Result<std::vector<DirectoryEntry>> list(const std::string& directory) = 0;
  // Like mkdir -p: makes what is missing, syncs each parent it changed. Fine where it exists.
  virtual Status create_directories(const std::string& directory) = 0;
  // Replaces `to` atomically. Durable only after sync_directory.
  virtual Status rename(const std::string& from, const std::string& to) = 0;
  // A file or an empty directory.
  virtual Status remove(const std::string& path) = 0;
  // Makes creations, renames and removals in it durable.
  virtual Status sync_directory(const std::string& directory) = 0;
  virtual Result<SpaceInfo> space(const std::string& path) = 0;
};

int64_t process_id();

// The real one; one for the whole process.
FileSystem& posix_file_system();

// False where stat() finds nothing; what else keeps it from looking is an error.
Result<bool> exists(FileSystem& fs, const std::string& path);

// Joins with exactly one slash between.
std::string join_path(std::string_view directory, std::string_view name);
// What follows the last slash, and what stands before it ("." where there is none).
std::string base_name(std::string_view path);
std::string parent_path(std::string_view path);
// Whether the name, which may come from anybody, is one of an entry in a directory and leads nowhere else: not empty,
// "." or "..", at most 255 bytes, neither slash nor NUL in it.
bool is_entry_name(std::string_view name);

}  // namespace mqctl
