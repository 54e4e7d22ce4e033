// File: one open file descriptor, move-only in spirit (held by unique_ptr). The destructor closes silently; where
// losing data matters the owner calls sync() first and looks at the answer.
//
// Positions are byte positions in this file. Reads and writes are positional, retried on EINTR and short counts,
// and may be called by several threads at once. Errors carry the path.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "libstore/base/bytes.h"
#include "libstore/base/result.h"
#include "libstore/base/types.h"
#include "libstore/os/mapped_region.h"

namespace mqctl {

enum class MapMode : uint8_t { kRead, kReadWrite };

class File {
 public:
  virtual ~File() = default;
  virtual const std::string& path() const = 0;

  // Bytes read: fewer than asked only at the end of the file.
  virtual Result<size_t> read_at(uint64_t position, MutableBytes into) = 0;
  // All of it, or an error. Extends the file where needed.
  virtual Status write_at(uint64_t position, Bytes bytes) = 0;
  // fdatasync: contents and size, mapped writes included.
  virtual Status sync() = 0;
  virtual Status resize(uint64_t size_bytes) = 0;
  // Real blocks for the part of the range that lies within the file, so that a later write to it cannot fail for lack
  // of space. Never loses content. Changes no size: a kernel grows a file step by step while it takes the blocks, and a
  // power cut would leave any step.
  // Falls back to writing zeros into holes where the file system has no such call.
  virtual Status allocate(uint64_t position, uint64_t length) = 0;
  virtual Result<uint64_t> size() = 0;
  virtual Result<uint64_t> allocated_bytes() = 0;
  // The next position at or after `from` that may hold data, skipping holes; the file size where none follows.
  virtual Result<uint64_t> next_data(uint64_t from) = 0;
  // The first position behind `from` where a hole begins; the file size where none does, or none is known.
  virtual Result<uint64_t> next_hole(uint64_t from) {
    (void)from;
    return size();
  }
  // Maps [0, length). REQUIRES for kRead: length <= size at this moment. See MappedRegion for what a later shrink does.
  virtual Result<std::unique_ptr<MappedRegion>> map(MapMode mode, uint64_t length) = 0;
  virtual Status set_modified(EpochMs time) = 0;
  // Tells the kernel that a range will be read soon / not again (posix_fadvise); never fails visibly.
  virtual void will_need(uint64_t position, uint64_t length) = 0;
  virtual void dont_need(uint64_t position, uint64_t length) = 0;

  // fcntl write lock on byte 0, length 1: the lock Apache takes (docs/store-format.md, `lock`). kBusy where another
  // process holds it; lock_holder then names the process (0: unknown). Per process: closing any descriptor of the
  // file in this process drops it.
  virtual Status lock_first_byte() = 0;
  virtual Result<int64_t> lock_holder() = 0;
};

}  // namespace mqctl
