// CRC-32 as RocketMQ stores it: ISO-HDLC (zlib's), masked to 31 bits, so that Java's signed int is never negative
// (UtilAll.crc32; docs/store-format.md). Computed by libdeflate with carry-less multiply.
#pragma once

#include <cstdint>

#include "libstore/base/bytes.h"

namespace mqctl {

inline constexpr uint32_t kCrcMask = 0x7FFFFFFF;

// Masked CRC of the bytes; 0 for none at all, as Apache has it.
uint32_t masked_crc32(Bytes bytes);

}  // namespace mqctl
