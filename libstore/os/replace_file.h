// Whole small files, read and replaced safely: configuration, abort, checkpoint copies.
#pragma once

#include <string>
#include <string_view>

#include "libstore/base/result.h"
#include "libstore/os/file_system.h"

namespace mqctl {

enum class Backup : uint8_t { kNone, kKeepBak };

// The whole file. kCorruption where it is larger than `limit_bytes`: memory is bounded by us, not by the file.
Result<std::string> read_whole_file(FileSystem& fs, const std::string& path, uint64_t limit_bytes);

// Temporary file beside it, fsync, (keep the old one as `.bak`), rename, fsync of the directory.
Status replace_file(FileSystem& fs, const std::string& path, std::string_view content, Backup backup);

}  // namespace mqctl
