#include "libstore/os/memory_holes.h"

#include <linux/magic.h>
#include <sys/vfs.h>

#include <algorithm>

namespace mqctl {
namespace {

constexpr uint64_t kPageBytes = 4096;

}  // namespace

bool lies_in_memory(int fd) {
  struct statfs info {};
  return ::fstatfs(fd, &info) == 0 && info.f_type == TMPFS_MAGIC;
}

Status take_holes(File& file) {
  const Result<uint64_t> end = file.size();
  if (!end) return end.error();
  for (uint64_t from = 0; from < *end;) {
    const Result<uint64_t> hole = file.next_hole(from);
    if (!hole) return hole.error();
    if (*hole >= *end) break;
    const Result<uint64_t> data = file.next_data(*hole);
    if (!data) return data.error();
    const bool last = *data >= *end;
    const uint64_t length = last ? std::min(kPageBytes, *end - *hole) : *data - *hole;
    if (Status status = file.allocate(*hole, length); !status.ok()) return status;
    from = last ? *end : *data;
  }
  return {};
}

}  // namespace mqctl
