// IndexReader: one index file, read-only, through pread and two small windows; and key look-up over all the files of
// an index directory as a broker does it (Apache: IndexFile.selectPhyOffset, IndexService.queryOffset).
//
// For commands that look into other people's stores, a live one included: what is read may be newer than the header.
// Not thread-safe. See index_file.h for the one that a writer owns.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "libstore/base/result.h"
#include "libstore/index/index_layout.h"
#include "libstore/log/segment_list.h"
#include "libstore/os/file_system.h"

namespace mqctl {

// The index files of a directory by name, which is by time; strays are what is no file named by a number. A missing
// directory is an empty listing.
struct IndexListing {
  std::vector<std::string> paths;
  std::vector<StrayFile> strays;
};
Result<IndexListing> list_index_files(FileSystem& fs, const std::string& index_directory);

class IndexReader {
 public:
  // kUnsupported where the division cannot be told; kTruncated where there is not even a header.
  static Result<IndexReader> open(FileSystem& fs, const std::string& path);
  static Result<IndexReader> open(FileSystem& fs, const std::string& path, IndexGeometry geometry);

  const std::string& path() const { return file_->path(); }
  const IndexHeader& header() const { return header_; }  // counts no more entries than the file has room for
  bool counts_too_many() const { return counts_too_many_; }
  const IndexGeometry& geometry() const { return geometry_; }
  uint64_t size_bytes() const { return size_bytes_; }
  // Reads the header again.
  Status refresh();

  // Zeros where the file is too short. REQUIRES: number < geometry().entries, slot < geometry().slots.
  Result<IndexEntry> entry(uint32_t number);
  Result<int32_t> slot(uint32_t slot);

  // Adds the positions under the hash, newest first, until there are `max`; times are inclusive.
  Status select(int32_t key_hash, EpochMs begin, EpochMs end, size_t max, std::vector<PhysicalOffset>& found);

 private:
  struct Window {
    uint64_t position = 0;
    std::vector<std::byte> bytes;
  };
  IndexReader(std::unique_ptr<File> file, IndexGeometry geometry) : file_(std::move(file)), geometry_(geometry) {}
  Result<Bytes> read(Window& window, uint64_t position, size_t size, size_t window_bytes);
  bool time_matches(EpochMs begin, EpochMs end) const;

  std::unique_ptr<File> file_;
  IndexGeometry geometry_;
  IndexHeader header_;
  bool counts_too_many_ = false;  // as it is in the file
  uint64_t size_bytes_ = 0;
  Window entries_, slots_;
};

// Positions of records that may hold the key (only hashes are compared), newest first. Files that cannot be read as
// an index are passed over.
struct IndexQuery {
  std::string_view topic, key;
  size_t max = 64;
  EpochMs begin = EpochMs(0);
  EpochMs end = EpochMs(INT64_MAX);
};
Result<std::vector<PhysicalOffset>> query_index(FileSystem& fs, const std::string& index_directory,
                                                const IndexQuery& query);

}  // namespace mqctl
