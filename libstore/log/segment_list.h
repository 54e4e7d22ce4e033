// SegmentList: which commit-log files are there, in order, whoever wrote them, and what else lies beside them.
//
// For readers: nothing is created, deleted or refused. Apache deletes an empty last file and refuses to start over any
// other file of a wrong size (MappedFileQueue.doLoad); here each such file is kept with its real size or listed as
// stray, and verify says what it means.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "libstore/base/result.h"
#include "libstore/base/types.h"
#include "libstore/os/file_system.h"

namespace mqctl {

struct SegmentFile {
  std::string path;
  std::string name;         // the last part of the path
  PhysicalOffset base;      // from the 20-digit name; for a lone file of another name, from its first record
  uint64_t size_bytes = 0;  // when it was listed; a live file may grow, a file may shrink under us
};

struct StrayFile {
  std::string path;
  std::string reason;  // "name is not 20 digits", "directory", ...
};

struct SegmentList {
  std::vector<SegmentFile> segments;  // by base, ascending; two of one base: the second is stray
  std::vector<StrayFile> strays;
  // The size a whole segment has: the commonest distance or size among the files; 0 without files.
  uint64_t segment_bytes = 0;

  bool empty() const { return segments.empty(); }
  PhysicalOffset min_offset() const;  // base of the first, 0 without any
  PhysicalOffset end_offset() const;  // behind the last file
  // The segment that holds the offset, or null.
  const SegmentFile* find(PhysicalOffset offset) const;
};

// All segments of one commit log, spread over one or more directories (Apache's multi-path).
Result<SegmentList> list_segments(FileSystem& fs, const std::vector<std::string>& directories);
// One segment file by itself.
Result<SegmentList> lone_segment(FileSystem& fs, const std::string& path);

}  // namespace mqctl
