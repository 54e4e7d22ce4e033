// Message bodies as producers compress them: zlib, LZ4 frame, Zstandard; which one is in the sysFlag.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "libstore/base/bytes.h"
#include "libstore/base/result.h"

namespace mqctl {

enum class CompressionType : uint8_t { kNone, kZlib, kLz4, kZstd };

// kUnsupported for a type number that does not exist. Flag bit 0x1 clear: kNone whatever the type bits say.
Result<CompressionType> compression_of(int32_t sys_flag);
// The flag with compression bits for the type (zlib: type number 3, as 5.x writes; 0 reads as zlib too).
int32_t with_compression(int32_t sys_flag, CompressionType type);
std::string_view compression_name(CompressionType type);  // "none", "zlib", "lz4", "zstd"

// The plain bytes. Memory is bounded by `limit_bytes`, not by what the data claims: kCorruption where it is broken,
// kUnsupported with the limit in the message where it would be larger.
Result<std::string> decompress(CompressionType type, Bytes compressed, size_t limit_bytes);
Result<std::string> compress(CompressionType type, Bytes plain);

}  // namespace mqctl
