// Makes the next segments of a commit log with real blocks, before anybody needs them (`mqctl preallocate`).
//
// The caller holds the store's lock between plan and make, or looks at a plan only to show it. Spare segments lie
// behind the log's end, all zeros; this library's writers use them up. A genuine broker removes them when it starts.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "libstore/base/result.h"
#include "libstore/base/types.h"
#include "libstore/os/file_system.h"

namespace mqctl {

// Apache 5.5.0 looks back at this many segments at start (commitLogRecoverMaxNum), spare ones included, and where none
// of them holds a record it takes the log for empty.
inline constexpr int kMostSpareSegments = 9;

struct PreallocateRequest {
  std::string root;
  int count = 1;
  uint64_t segment_bytes = 0;  // 0: as the files that are there have it, else Apache's default
  uint64_t reserve_bytes = 0;  // of the file system, to be left free
  bool warm = false;           // touch the pages
  bool many = false;           // more than kMostSpareSegments are wanted
};

struct SegmentToMake {
  std::string path;
  PhysicalOffset base;
};

struct PreallocatePlan {
  std::vector<SegmentToMake> segments;
  uint64_t segment_bytes = 0;
  int spares_there = 0;
  SpaceInfo space;
  uint64_t total_bytes() const { return segments.size() * segment_bytes; }
};

struct MadeSegment {
  std::string path;
  uint64_t size_bytes = 0;
  uint64_t allocated_bytes = 0;
  std::chrono::nanoseconds took{0};
};

// Changes nothing. kNoSpace; kBusy (a refusal) for too many spare segments; kCorruption for a log with gaps or files of
// several sizes; kInvalidArgument for another segment size than the files have.
Result<PreallocatePlan> plan_preallocation(FileSystem& fs, const PreallocateRequest& request);

// Makes what was planned, telling of each; when one fails those made before it are removed again.
Status make_segments(FileSystem& fs, const PreallocatePlan& plan, bool warm,
                     const std::function<void(const MadeSegment&)>& made);

// How many segments at the end of the log hold nothing.
struct SegmentFile;
Result<int> count_spares(FileSystem& fs, const std::vector<SegmentFile>& segments);

}  // namespace mqctl
