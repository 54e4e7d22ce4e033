// What this machine can do at all: the limits that our figures are shown beside. Rates in bytes a second.
#pragma once

#include <cstdint>
#include <string>

#include "tests/bench/report.h"

namespace mqctl {

// Records of so many bytes, copied one behind the other into a mapping of a file that was just fallocated.
Sample copy_into_fresh_mapping(size_t record_bytes, uint64_t total_bytes);
// The CRC library over the bytes of the file, mapped and in the page cache.
Sample crc_of_file(const std::string& path);
// pread of the file from the page cache, 1 MiB each.
Sample read_of_file(const std::string& path);
// fdatasync after each write of so many bytes into a file of real blocks, a second.
Sample synced_writes(size_t bytes, int count);
// fallocate and fsync of a new file.
Sample allocation(uint64_t bytes);

}  // namespace mqctl
