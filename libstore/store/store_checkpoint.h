// StoreCheckpoint: `<root>/checkpoint`, the times and offsets up to which parts of a store are on disk; recovery after
// a crash starts from them (Apache: StoreCheckpoint; docs/store-format.md). Values only ever lag behind the truth.
//
// The file is kept as it is found, unknown bytes included; only the fields below are written. Not synchronised: one
// thread at a time.
#pragma once

#include <cstdint>
#include <string>

#include "libstore/base/result.h"
#include "libstore/base/types.h"
#include "libstore/os/file_system.h"

namespace mqctl {

struct StoreCheckpoint {
  EpochMs physic_msg_timestamp;  // a message flushed in the commit log
  EpochMs logics_msg_timestamp;  // a message whose consume-queue unit is on disk
  EpochMs index_msg_timestamp;   // the end of the last full index file on disk
  PhysicalOffset master_flushed_offset;
  PhysicalOffset confirm_offset;
  PhysicalOffset logics_physical_offset;  // 5.5.0: a record whose consume-queue unit is on disk, and all before it

  static constexpr size_t kFileBytes = 4096;
  static constexpr size_t kEncodedBytes = 48;

  // All zeros where there is no file, or one too short to hold a field.
  static Result<StoreCheckpoint> load(FileSystem& fs, const std::string& path);
  // Written in place (one sector) and synced; made whole where it is missing or short.
  Status save(FileSystem& fs, const std::string& path) const;

  // The same, which says nothing of the log and its queues.
  StoreCheckpoint of_no_log() const;
  // Where abnormal recovery of 4.9.x and 5.x before 5.5.0 looks back to: 3 s before the lesser of the first two.
  EpochMs min_timestamp() const;
};

}  // namespace mqctl
