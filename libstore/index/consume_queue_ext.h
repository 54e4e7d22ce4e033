// ConsumeQueueExt: the extension units of one consume queue (Apache: ConsumeQueueExt; docs/store-format.md). A broker
// with enableConsumeQueueExt puts an address where the tags code would be, and the tags code beside the store time and
// a filter's bits into a file of its own.
//
// Read-only: what we write has plain tags codes, which Apache falls back to as well. Weak by design: where a unit
// cannot be read the message is delivered all the same. Thread-safe. Through pread, so a file that shrinks is an error.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "libstore/base/bytes.h"
#include "libstore/base/result.h"
#include "libstore/base/types.h"
#include "libstore/log/segment_list.h"
#include "libstore/os/file_system.h"

namespace mqctl {

// No hash goes that low.
constexpr bool is_extension_address(int64_t tags_code) { return tags_code < int64_t{INT32_MIN}; }
// The address is the byte offset in the extension files, counted from the smallest number.
constexpr int64_t extension_offset(int64_t address) { return address - INT64_MIN; }
constexpr int64_t extension_address(int64_t offset) { return offset + INT64_MIN; }

struct ConsumeQueueExtUnit {
  int64_t tags_code = 0;
  EpochMs stored;
  std::vector<std::byte> filter_bit_map;

  static constexpr size_t kSizeAt = 0;
  static constexpr size_t kTagsCodeAt = kSizeAt + 2;
  static constexpr size_t kStoredAt = kTagsCodeAt + 8;
  static constexpr size_t kBitMapSizeAt = kStoredAt + 8;
  static constexpr size_t kHeadBytes = kBitMapSizeAt + 2;
  static_assert(kHeadBytes == 20, "extension unit, docs/store-format.md");

  size_t encoded_bytes() const { return kHeadBytes + filter_bit_map.size(); }
  bool operator==(const ConsumeQueueExtUnit&) const = default;
};

class ConsumeQueueExt {
 public:
  // `directory`: `<root>/consumequeue_ext/<topic>/<queue id>`. kNotFound where there is none.
  static Result<ConsumeQueueExt> open(FileSystem& fs, const std::string& directory);

  // kInvalidArgument for what is no address; kNotFound beyond the files; kCorruption where no unit stands there.
  Result<ConsumeQueueExtUnit> read(int64_t address) const;
  // Behind the last unit, as Apache's recover finds it: walked from the beginning.
  Result<int64_t> max_address() const;

 private:
  explicit ConsumeQueueExt(SegmentList files) : files_(std::move(files)) {}
  Status open_files(FileSystem& fs);
  Result<int64_t> end_of_units(size_t file) const;

  SegmentList files_;
  std::vector<std::unique_ptr<File>> open_;  // beside files_.segments
};

}  // namespace mqctl
