// MappedFile: one fixed-size file of a segmented queue, mapped for reading and writing (Apache: DefaultMappedFile).
//
// Threads: one writer at a time appends (its own lock sees to that); any number of readers look at what was published.
// Bytes below wrote_position() never change while the file is in use; the release store of that position publishes
// them. A reader that must outlive retention takes a hold: the mapping goes when the file is shut down and the last
// hold is let go, as with Apache's ReferenceResource. The object itself lives as long as the queue that owns it.
// Durability: append and publish reach the page cache; flush() reaches the disk.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "libstore/base/bytes.h"
#include "libstore/base/mutex.h"
#include "libstore/base/result.h"
#include "libstore/os/file_system.h"

namespace mqctl {

// kWhole: real blocks for all of the file when it is made, so that a full disk is an error then and never a SIGBUS in
// the middle of a put. kAhead: real blocks a window ahead of the writing, for files that mostly stay empty.
enum class Blocks : uint8_t { kWhole, kAhead };

struct FileRange {
  uint64_t begin = 0, end = 0;
};

class MappedFile {
 public:
  // Makes the file, durably: contents, size and directory entry. On failure nothing is left behind.
  static Result<std::unique_ptr<MappedFile>> create(FileSystem& fs, const std::string& path, int64_t first_offset,
                                                    uint64_t size_bytes, Blocks blocks);
  // An existing file of exactly that size; all positions stand at its end until recovery sets them, as in Apache.
  static Result<std::unique_ptr<MappedFile>> open(FileSystem& fs, const std::string& path, int64_t first_offset,
                                                  uint64_t size_bytes);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  const std::string& path() const { return path_; }
  int64_t first_offset() const { return first_offset_; }  // of the file's first byte in its queue
  int64_t end_offset() const { return first_offset_ + static_cast<int64_t>(size_bytes_); }
  uint64_t size() const { return size_bytes_; }
  bool contains(int64_t offset) const { return offset >= first_offset_ && offset < end_offset(); }

  uint64_t wrote_position() const { return wrote_.load(std::memory_order_acquire); }
  uint64_t flushed_position() const { return flushed_.load(std::memory_order_acquire); }
  bool full() const { return wrote_position() == size_bytes_; }

  // --- The writer ---
  // Where the next byte goes, and how much room there is. REQUIRES: reserve() said yes for what is written.
  std::byte* write_cursor() { return data_ + wrote_.load(std::memory_order_relaxed); }
  uint64_t room() const { return size_bytes_ - wrote_.load(std::memory_order_relaxed); }
  // Real blocks for the next `length` bytes; kNoSpace where there are none.
  Status reserve(uint64_t length);
  // Makes `length` bytes at the cursor visible to readers. REQUIRES: length <= room().
  void publish(uint64_t length) {
    wrote_.store(wrote_.load(std::memory_order_relaxed) + length, std::memory_order_release);
  }
  // reserve, copy, publish. kInvalidArgument where it does not fit; nothing has changed then.
  Status append(Bytes bytes);
  // The same by a write() to the file, whose pages the mapping shares.
  Status append_through_file(Bytes bytes);
  // Writes below the wrote position, for tables that are rewritten in place. REQUIRES: within the file and reserved.
  std::byte* at(uint64_t position) { return data_ + position; }
  // Recovery: wrote and flushed position.
  void set_positions(uint64_t position);
  // Zeroes from the wrote position to the end where bytes are not zero already: a truncation leaves no stale record.
  Status zero_tail();
  void populate_ahead(uint64_t position, uint64_t length);

  // Everything published so far is on disk when this returns. Thread-safe, also beside the writer. After a failure
  // every later call fails the same way: the kernel drops what it could not write and says yes the next time.
  Status flush();

  // --- Recovery: before anybody writes ---
  // The whole file, whatever the positions say.
  Bytes whole() const { return {data_, size_bytes_}; }
  // Where there may be other bytes than zeros, at or behind `from`, in pieces and in order, until `visit` says false.
  // Found out before any of it is read, and read without what lies behind: pages that were read count as data later.
  void visit_data(uint64_t from, const std::function<bool(FileRange)>& visit);
  bool all_zeros();
  // The whole file is on disk when this returns.
  Status sync() { return file_->sync(); }
  // The same, and what the kernel had given up between `from` and the wrote position with it.
  Status sync_anew(uint64_t from);
  // The position behind the last byte at or behind `from` that is not zero; 0 where there is none.
  uint64_t data_end(uint64_t from);

  // --- Readers ---
  // False once the file is shut down. Each hold() that said yes needs its release().
  bool hold();
  void release();
  // Published bytes from a position on; empty at the end. REQUIRES: a hold, or the owner's guarantee.
  Bytes published(uint64_t position) const {
    const uint64_t wrote = wrote_position();
    return position < wrote ? Bytes(data_ + position, wrote - position) : Bytes();
  }

  // No new holds; unmapped when the last one is gone.
  void shutdown();
  bool mapped() const { return region_alive_.load(std::memory_order_acquire); }
  // shutdown, then removes the file from its directory (readers that hold it still read it). kNotFound is fine.
  Status destroy();

 private:
  MappedFile(FileSystem& fs, std::string path, int64_t first_offset, uint64_t size_bytes);
  Status map(std::unique_ptr<File> file, uint64_t allocated_end);
  std::vector<FileRange> data_ranges(uint64_t from);
  void visit_nonzero(uint64_t from, const std::function<bool(FileRange)>& visit);

  FileSystem& fs_;
  const std::string path_;
  const int64_t first_offset_;
  const uint64_t size_bytes_;
  std::unique_ptr<File> file_;
  std::unique_ptr<MappedRegion> region_;
  std::byte* data_ = nullptr;
  uint64_t allocated_end_ = 0;  // the writer's: real blocks up to here

  std::atomic<uint64_t> wrote_{0};    // release: publishes the bytes below it
  std::atomic<uint64_t> flushed_{0};  // release: those bytes are on disk
  std::atomic<int64_t> holds_{1};     // one is the owner's own, given back by shutdown()
  std::atomic<bool> shut_down_{false};
  std::atomic<bool> region_alive_{false};
  Mutex flush_mutex_;
  Status flush_failure_ GUARDED_BY(flush_mutex_);
};

// A view with the hold that keeps it valid. Move-only.
class HeldBytes {
 public:
  HeldBytes() = default;
  HeldBytes(MappedFile* file, Bytes bytes) : file_(file), bytes_(bytes) {}  // takes over one hold
  HeldBytes(HeldBytes&& other) noexcept : file_(other.file_), bytes_(other.bytes_) { other.file_ = nullptr; }
  HeldBytes& operator=(HeldBytes&& other) noexcept {
    std::swap(file_, other.file_);
    std::swap(bytes_, other.bytes_);
    return *this;
  }
  ~HeldBytes() {
    if (file_ != nullptr) file_->release();
  }
  explicit operator bool() const { return file_ != nullptr; }
  Bytes bytes() const { return bytes_; }
  const MappedFile* file() const { return file_; }

 private:
  MappedFile* file_ = nullptr;
  Bytes bytes_;
};

}  // namespace mqctl
