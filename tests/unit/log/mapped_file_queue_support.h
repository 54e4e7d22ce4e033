// MappedFileQueue in its tests: files of a page, full of one letter each.
#pragma once

#include <catch2/catch.hpp>
#include <string>

#include "libstore/log/mapped_file_queue.h"
#include "tests/unit/support/golden_store.h"

namespace mqctl::test {

inline constexpr uint64_t kFile = 4096;

inline MappedFileQueue queue_in(const std::string& directory) {
  return MappedFileQueue(posix_file_system(),
                         {.directories = {directory}, .read_only_directories = {}, .file_bytes = kFile});
}

// Appends runs of one letter that fill files exactly.
inline void append_files(MappedFileQueue& queue, int files, int64_t start = 0) {
  for (int i = 0; i < files; ++i) {
    Result<MappedFile*> file = queue.writable(start);
    REQUIRE(file.has_value());
    REQUIRE((*file)->append(as_bytes(std::string(kFile, static_cast<char>('a' + i % 26)))).ok());
  }
}

}  // namespace mqctl::test
