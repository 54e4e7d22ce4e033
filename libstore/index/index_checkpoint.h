// IndexCheckpoint: `<root>/index.checkpoint`, a state of the newest index file that is on disk whole. After a crash
// that file goes back to it instead of being made again from the log. (Apache has nothing like it and deletes the file;
// its brokers do not look at this one; docs/store-format.md.)
//
// What it says stays true while the file it names has those entries: whoever takes some of them away, or the newest
// file, has it forgotten first. Not synchronised.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "libstore/base/result.h"
#include "libstore/index/index_layout.h"
#include "libstore/os/file_system.h"

namespace mqctl {

// The file as it was: entries below `header.index_count`, with whatever came later in its slots.
struct IndexMark {
  int64_t file = 0;  // its name
  IndexGeometry geometry;
  IndexHeader header;
  bool operator==(const IndexMark&) const = default;
};

class IndexCheckpoint {
 public:
  // An empty path: nothing is ever known, nor kept.
  IndexCheckpoint(FileSystem& fs, std::string path) : fs_(fs), path_(std::move(path)) {}

  // None where there is no file, or one that is not whole.
  Result<std::optional<IndexMark>> load() const;
  // Written in place (one sector) and synced.
  Status save(const IndexMark& mark);
  // Durably.
  Status forget();

 private:
  FileSystem& fs_;
  const std::string path_;
};

}  // namespace mqctl
