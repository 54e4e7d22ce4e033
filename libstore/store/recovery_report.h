// What opening a store found and did, for the caller to tell.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "libstore/base/types.h"

namespace mqctl {

struct RecoveryReport {
  bool after_crash = false;     // an abort file was there
  PhysicalOffset scanned_from;  // where the walk over the log began
  PhysicalOffset log_end;       // where the log ends now
  uint64_t records_scanned = 0;
  uint64_t records_dispatched = 0;  // entered into queues or index again
  uint64_t bytes_cut = 0;           // behind the end: torn or stale bytes zeroed
  std::string cut_reason;           // why the log ends there, where something was cut
  int spare_segments = 0;           // empty segments behind the end, kept for later
  std::vector<std::string> strays;  // files that do not belong into a segment directory: Apache refuses to start
  std::vector<std::string> notes;   // anything else worth a line
};

}  // namespace mqctl
