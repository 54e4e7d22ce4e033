// StoreLocation: what a user's LOCATION is: a store root, a commit-log directory, or one segment file; and what lies
// in it. For commands that read: nothing is opened for writing, nothing is created.
//
// Several commit-log directories (Apache's multi-path): either a LOCATION of names joined by commas, or every
// directory of the root whose name begins with "commitlog".
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "libstore/base/result.h"
#include "libstore/log/segment_list.h"
#include "libstore/os/file_system.h"

namespace mqctl {

enum class LocationKind : uint8_t { kStore, kCommitLogDirectory, kSegmentFile };

// Parts of a store that mqctl recognises and does not read.
enum class ForeignPart : uint8_t { kDLedger, kRocksDbConsumeQueue, kTieredStore, kCompaction, kTimerWheel };

struct StoreLocation {
  LocationKind kind = LocationKind::kStore;
  std::string root;  // the store's directory; empty where only segments were given
  std::vector<std::string> commit_log_directories;
  SegmentList segments;
  bool abort_file = false;  // the last writer did not stop cleanly, or is running
  bool locked = false;      // another process holds the store now
  std::vector<ForeignPart> foreign;

  bool has_root() const { return !root.empty(); }
  std::string consume_queue_directory() const;  // REQUIRES: has_root()
  std::string index_directory() const;
};

// kNotFound; kUnsupported for a store whose log is not a commit log (DLedger), naming it; kInvalidArgument where it
// is no store at all, saying what was looked for.
Result<StoreLocation> locate_store(FileSystem& fs, const std::string& location);

std::string_view foreign_name(ForeignPart part);  // for messages: "DLedger log", "RocksDB consume queues", ...

}  // namespace mqctl
