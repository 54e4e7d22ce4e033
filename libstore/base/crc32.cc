#include "libstore/base/crc32.h"

#include <libdeflate.h>

namespace mqctl {

uint32_t masked_crc32(Bytes bytes) {
  if (bytes.empty()) return 0;
  return libdeflate_crc32(0, bytes.data(), bytes.size()) & kCrcMask;
}

}  // namespace mqctl
