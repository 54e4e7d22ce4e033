// IndexFile: one file of the key index, mapped (Apache: IndexFile; docs/store-format.md).
//
// Not synchronised: IndexService holds its lock around every call. The slot area has real blocks when the file is
// opened, entries get theirs a window ahead, so a full disk is an error of put_key and never a signal.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "libstore/base/mutex.h"
#include "libstore/base/result.h"
#include "libstore/index/index_layout.h"
#include "libstore/os/file_system.h"

namespace mqctl {

class IndexFile {
 public:
  // `before`: the header of the file that this one follows; its end is where the new one begins until the first entry.
  static Result<std::unique_ptr<IndexFile>> create(FileSystem& fs, const std::string& path, IndexGeometry geometry,
                                                   const IndexHeader* before);
  static Result<std::unique_ptr<IndexFile>> open(FileSystem& fs, const std::string& path, IndexGeometry geometry);

  const std::string& path() const { return path_; }
  const IndexGeometry& geometry() const { return geometry_; }
  IndexHeader header() const { return IndexHeader::load(data()); }
  bool full() const { return header().index_count >= static_cast<int32_t>(geometry_.entries); }
  bool empty() const { return header().index_count <= 1; }

  // REQUIRES: !full().
  Status put_key(int32_t key_hash, PhysicalOffset offset, EpochMs stored);
  // Takes the entries of records at or behind the offset out again, newest first; the times stay as they are.
  void drop_entries_from(PhysicalOffset offset);
  // Back to a state that was on disk whole, whatever a crash left of what came after it: entries behind it are out, and
  // slots that they had taken are given back. False, with nothing changed, where this file was never so.
  bool go_back_to(const IndexHeader& known);
  // How many of the newest entries, none left out, are of the record at that offset.
  int32_t trailing_entries_of(PhysicalOffset offset) const;
  // Physical offsets of entries with that hash and time, newest first, appended until there are `max`. Times in the
  // file have whole seconds: an entry counts where any moment of its second does.
  void query(int32_t key_hash, EpochMs begin, EpochMs end, size_t max, std::vector<PhysicalOffset>& found) const;
  // Thread-safe, the only one that is. A failure stays, as that of MappedFile::flush.
  Status flush() EXCLUDES(flush_mutex_);

 private:
  IndexFile(std::string path, IndexGeometry geometry) : path_(std::move(path)), geometry_(geometry) {}
  Status map(std::unique_ptr<File> file);
  Status reserve_entry(int32_t number);
  bool was_once(const IndexHeader& known) const;
  void hang_again(int32_t index_count);
  std::byte* data() const { return region_->data(); }
  std::byte* slot(int32_t key_hash) const {
    return data() + geometry_.slot_at(static_cast<uint32_t>(key_hash) % geometry_.slots);
  }
  std::byte* entry(int32_t number) const { return data() + geometry_.entry_at(static_cast<uint32_t>(number)); }

  const std::string path_;
  const IndexGeometry geometry_;
  std::unique_ptr<File> file_;
  std::unique_ptr<MappedRegion> region_;
  uint64_t allocated_end_ = 0;
  Mutex flush_mutex_;
  Status flush_failure_ GUARDED_BY(flush_mutex_);
};

}  // namespace mqctl
