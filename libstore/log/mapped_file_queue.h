// MappedFileQueue: fixed-size files that follow each other, named by the offset of their first byte in 20 digits
// (Apache: MappedFileQueue, MultiPathMappedFileQueue).
//
// Threads: one writer at a time changes the queue (append, truncate, delete); readers look up files without a lock
// beside it. Files taken out are shut down but their objects live on until the queue is destroyed, so a pointer
// that a reader found never dangles; hold() tells whether it is still good.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "libstore/log/mapped_file.h"
#include "libstore/log/mapped_file_table.h"

namespace mqctl {

class AllocateMappedFileService;

struct MappedFileQueueOptions {
  // Files go round the directories in turn: number of the file modulo their count. The read-only ones are loaded too.
  std::vector<std::string> directories;
  std::vector<std::string> read_only_directories;
  uint64_t file_bytes = 0;
  Blocks blocks = Blocks::kWhole;
  AllocateMappedFileService* allocator = nullptr;  // makes files ahead; without it they are made when needed
};

std::string offset_file_name(int64_t offset);  // 20 digits

class MappedFileQueue {
 public:
  MappedFileQueue(FileSystem& fs, MappedFileQueueOptions options);

  // Opens what is there. kCorruption names a file whose size is wrong or that does not follow the one before; an
  // empty last file is removed, as Apache does. Files with other names are left alone and listed.
  Status load();
  const std::vector<std::string>& strays() const { return strays_; }

  uint64_t file_bytes() const { return options_.file_bytes; }
  const MappedFileQueueOptions& options() const { return options_; }

  // --- Readers, no lock ---
  MappedFile* first() const { return table_.first(); }
  MappedFile* last() const { return table_.last(); }
  // The file that holds the offset, or null. An offset just at the end of the last file is in none.
  MappedFile* find(int64_t offset) const { return table_.find(offset); }
  MappedFile* next(const MappedFile& file) const { return find(file.end_offset()); }
  size_t file_count() const { return table_.size(); }
  int64_t min_offset() const;  // first byte of the first file, 0 without any
  int64_t max_offset() const;  // behind the last published byte
  int64_t flushed_where() const { return flushed_where_.load(std::memory_order_acquire); }
  uint64_t mapped_bytes() const { return file_count() * options_.file_bytes; }

  // --- The writer ---
  // A file with room: the last, or the next one made now; for an empty queue one that begins at `start_offset`
  // rounded down to the file size.
  Result<MappedFile*> writable(int64_t start_offset = 0);
  // The file behind the last one, made but not yet of the queue; add() takes it in.
  Result<std::unique_ptr<MappedFile>> make_next() { return make(last()->end_offset()); }
  MappedFile* add(std::unique_ptr<MappedFile> file);
  // Tells the allocator to have the next file ready.
  void prepare_next();
  // Takes the files at or behind the offset out of the queue if all are zeros, and leaves them on disk: they were laid
  // out ahead and are taken up again when the log gets there. Gives their number; 0 where one of them is not.
  int set_spares_aside(int64_t offset);
  // How many bytes from the offset to the last one that is not zero, in all files.
  uint64_t data_bytes_behind(int64_t offset);
  // Everything at or behind the offset goes: positions set back, later files deleted, stale bytes zeroed.
  Status truncate(int64_t offset);
  // Oldest first, never the last: while `expired` says so and at most `limit`. Stops at one that cannot go.
  template <class Predicate>
  Result<int> delete_from_front(Predicate expired, int limit) {
    int deleted = 0;
    while (deleted < limit && file_count() > 1 && expired(*first())) {
      if (Status status = drop_first(); !status.ok()) return status;
      ++deleted;
    }
    return deleted;
  }
  // All of them; what cannot be removed is tried again with the next call.
  Status destroy();

  // Flushes all files up to what is published at the call. Thread-safe beside the writer.
  Status flush();
  // Recovery: what a killed process left to the kernel is on disk when this returns. Positions say that it is, and
  // later flushes leave it out; a power cut would take it from before what they confirm. (Apache does not.) From
  // `doubtful` on a sync of that process may have failed: the kernel shows such pages as clean, so they are written
  // anew.
  Status sync_from(int64_t offset, int64_t doubtful);
  // The same for the names of its files.
  Status sync_directories();
  // Recovery: what is on disk for sure.
  void set_flushed_where(int64_t offset) { flushed_where_.store(offset, std::memory_order_release); }

 private:
  struct Found;
  Result<std::vector<Found>> list_files();
  std::string path_for(int64_t offset) const;
  Result<std::unique_ptr<MappedFile>> make(int64_t offset);
  Status drop_first();

  FileSystem& fs_;
  const MappedFileQueueOptions options_;
  std::vector<std::unique_ptr<MappedFile>> owned_;  // the writer's; retired ones too
  MappedFileTable table_;
  MappedFile* undeleted_ = nullptr;       // could not go: it goes before the next, or a start would find a gap
  std::vector<MappedFile*> undestroyed_;  // those that destroy() could not remove: with the next one
  std::vector<std::string> strays_;
  std::atomic<int64_t> flushed_where_{0};
  Mutex flush_mutex_;
};

}  // namespace mqctl
