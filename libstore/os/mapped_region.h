// MappedRegion: a file's bytes in memory, unmapped by the destructor.
//
// Views of data() live as long as the region. Reading a page beyond the file's end raises SIGBUS, so only files this
// process owns (store lock held) are mapped; commands that read other people's stores use File::read_at instead.
// Threads: the bytes are as safe as plain memory; the methods may be called by several threads.
#pragma once

#include <cstddef>
#include <cstdint>

#include "libstore/base/bytes.h"
#include "libstore/base/status.h"

namespace mqctl {

// What a read of a page brings in: what lies behind it too (the kernel's way), or nothing but the page.
enum class ReadAhead : uint8_t { kNormal, kPageAlone };

class MappedRegion {
 public:
  virtual ~MappedRegion() = default;
  // Constant for the life of the region. Writing to a kRead mapping is a programmer's error.
  virtual std::byte* data() const = 0;
  virtual size_t size() const = 0;
  // Bytes of the range are on disk when this returns (msync).
  virtual Status sync(size_t position, size_t length) = 0;
  // Touches the pages for writing, so that the first write meets no page fault. Best effort, contents unchanged.
  virtual void populate_write(size_t position, size_t length) = 0;
  // The range's pages count as written from here on: a sync brings them to the disk even where the kernel had given
  // them up, in another process's life, when it could not write them. Contents unchanged.
  virtual void mark_written(size_t position, size_t length) = 0;
  // Of the pages from the position on. Best effort.
  virtual void read_ahead(size_t position, ReadAhead how) {
    (void)position;
    (void)how;
  }
};

}  // namespace mqctl
