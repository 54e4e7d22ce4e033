// `mqctl preallocate` without its flags: makes the next segments of a store and tells of each.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "libstore/base/result.h"

namespace mqctl {

// To be left free on the file system: a number of bytes, or a share of all of it.
struct Reserve {
  uint64_t bytes = 0;
  double percent = 0;
};

struct PreallocateOptions {
  std::string location;
  int count = 1;
  uint64_t segment_bytes = 0;  // 0: as the files that are there have it
  Reserve reserve;
  bool warm = false;
  bool dry_run = false;
  bool force = false;
  bool json = false;
  bool quiet = false;
};

struct PreallocateTalk {
  std::function<void(std::string_view text)> print;
  std::function<void(std::string_view line)> note;
};

struct PreallocateOutcome {
  Status status;
  bool refused = false;  // for safety; `status` says why
};

PreallocateOutcome run_preallocate(const PreallocateOptions& options, const PreallocateTalk& talk);

}  // namespace mqctl
