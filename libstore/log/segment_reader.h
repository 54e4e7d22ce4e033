// SegmentReader: bytes of one segment file through a window of memory that is reused, read with pread: constant memory
// whatever the file's size, and no signal when the file shrinks or vanishes underneath.
//
// Not thread-safe: one reader a thread. A view lives until the next call on this reader.
#pragma once

#include <cstdint>
#include <memory>

#include "libstore/base/bytes.h"
#include "libstore/base/result.h"
#include "libstore/log/segment_list.h"
#include "libstore/os/file_system.h"

namespace mqctl {

class SegmentReader {
 public:
  static Result<SegmentReader> open(FileSystem& fs, const SegmentFile& segment);

  const SegmentFile& segment() const { return segment_; }
  // The file's end as last seen; refresh() asks again (a live segment is full-sized from the start, a copied one may
  // be cut). Never beyond what read_at can deliver at that moment.
  uint64_t end() const { return end_; }
  Status refresh();

  // At least min(want, end() - position) bytes at the position, more where the window has them; empty at the end.
  // Memory grows to hold `want`: ask for a large one only when the record's head has been found plausible.
  Result<Bytes> view(uint64_t position, size_t want);
  // The next position at or behind `from` that may hold data, holes skipped; end() where none follows.
  uint64_t next_data(uint64_t from);

 private:
  SegmentReader(SegmentFile segment, std::unique_ptr<File> file);
  SegmentFile segment_;
  Status fill(uint64_t position, size_t want);
  std::unique_ptr<File> file_;
  uint64_t end_ = 0;
  std::unique_ptr<std::byte[]> window_;
  size_t window_capacity_ = 0;
  uint64_t window_position_ = 0;
  size_t window_size_ = 0;
};

}  // namespace mqctl
