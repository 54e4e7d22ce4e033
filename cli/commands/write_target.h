// What a command that writes makes of its LOCATION: the root of a store, which may not be there yet.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "libstore/base/result.h"
#include "libstore/os/file_system.h"

namespace mqctl {

struct WriteTarget {
  std::string root;
  std::vector<std::string> commit_log_directories;  // none: the store, or its log, is not there yet
  uint64_t segment_bytes = 0;                       // 0: no segment yet
  bool abort_file = false;                          // the last writer did not stop cleanly
};

// A `commitlog` directory means the store around it. kInvalidArgument for a segment file or another directory of
// segments: without its store a log has no queues. kUnsupported for a store whose parts mqctl cannot keep in step.
Result<WriteTarget> find_write_target(FileSystem& fs, const std::string& location);

// Apache keeps the size in 32 bits, and a segment must hold a record and its end. kInvalidArgument otherwise.
Status check_segment_bytes(uint64_t segment_bytes);

}  // namespace mqctl
