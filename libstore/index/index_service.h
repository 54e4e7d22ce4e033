// IndexService: the key index of a store, a run of index files named by the local time they were made
// (Apache: IndexService).
//
// Thread-safe: one dispatcher puts, others query.
// Durability: a file is flushed when it is full, by flush() and by mark(). After a crash files that were full by then
// are kept, and the one that the last mark is of goes back to it; the rest is deleted, as Apache does, and
// missing_from() says where recovery must begin so that no key is lost (Apache loses those before its own starting
// point).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "libstore/base/clock.h"
#include "libstore/base/mutex.h"
#include "libstore/base/result.h"
#include "libstore/index/dispatch_request.h"
#include "libstore/index/index_checkpoint.h"
#include "libstore/index/index_file.h"

namespace mqctl {

enum class LastExit : uint8_t { kClean, kCrash };
// 5.5.0 indexes the tag as a last key; older releases step over such entries.
enum class TagEntries : uint8_t { kNone, kWrite };

struct IndexServiceOptions {
  std::string directory;   // `<root>/index`
  std::string checkpoint;  // `<root>/index.checkpoint`; empty: none
  IndexGeometry geometry;  // for the first file; later ones follow those that are there
  TagEntries tags = TagEntries::kWrite;
};

class IndexService {
 public:
  IndexService(FileSystem& fs, const Clock& clock, IndexServiceOptions options);

  // `safe`: the checkpoint's index time. Files whose name is no number are left alone, as Apache does. After a crash a
  // file that cannot be read is deleted with those behind it; otherwise one that contradicts itself is, and what else
  // cannot be read is an error.
  Status load(LastExit last_exit, EpochMs safe) EXCLUDES(mutex_, checkpoint_mutex_);
  // Entries are missing for records from here on. After a crash so it is whether or not this load() deleted a file: the
  // start before, which did, may have died on the way. None after a clean exit where no file was deleted.
  std::optional<PhysicalOffset> missing_from() const { return missing_from_; }

  // UNIQ_KEY, each word of KEYS, the tag. Dispatch may be repeated: records before the last one indexed are left alone,
  // and of that one only the keys that are not there yet are added (Apache adds all of them again).
  Status put(const DispatchRequest& request) EXCLUDES(mutex_);
  // Entries of records at or behind the log's end go. (Apache leaves them, and indexes no record until the log is past
  // them again.)
  Status truncate(PhysicalOffset log_end) EXCLUDES(mutex_, checkpoint_mutex_);
  // Physical offsets whose entries match the key's hash and the time, newest first: candidates, since the text of a key
  // is not stored.
  std::vector<PhysicalOffset> query(std::string_view topic, std::string_view key, size_t max, EpochMs begin,
                                    EpochMs end) const EXCLUDES(mutex_);
  // Queries and puts go on meanwhile.
  Status flush() EXCLUDES(mutex_);
  // The newest file as it is now, which is on disk when this returns; none without one. Queries and puts go on
  // meanwhile.
  Result<std::optional<IndexMark>> mark() EXCLUDES(mutex_);
  // The next load() after a crash goes back to it. REQUIRES: the log is on disk as far as the mark's entries name it.
  Status keep(const IndexMark& mark) EXCLUDES(checkpoint_mutex_);
  // Oldest first, never the last: files whose entries all lie before the log's beginning.
  Result<int> delete_expired(PhysicalOffset log_min) EXCLUDES(mutex_);
  // The end time of the last full file that is surely on disk, 0 while there is none: for the checkpoint. After a crash
  // those behind it are made again, and may be no younger.
  EpochMs safe_timestamp() const EXCLUDES(mutex_);
  // The last record indexed; 0 while there is none.
  PhysicalOffset end_offset() const EXCLUDES(mutex_);

 private:
  Status open_file(const std::string& path, const std::optional<IndexMark>& known) REQUIRES(mutex_);
  Result<IndexGeometry> geometry_of(const std::string& path, const std::optional<IndexMark>& known) const
      REQUIRES(mutex_);
  Status drop_empty_last(std::vector<std::string>& paths) REQUIRES(mutex_);
  Status drop_from(const std::vector<std::string>& paths, size_t first) REQUIRES(mutex_);
  int32_t entries_of(PhysicalOffset offset) const REQUIRES(mutex_);
  Status put_key(int32_t hash, const DispatchRequest& request) REQUIRES(mutex_);
  Status add_file() REQUIRES(mutex_);
  Status forget_mark() EXCLUDES(checkpoint_mutex_);
  std::string next_name() const REQUIRES(mutex_);

  FileSystem& fs_;
  const Clock& clock_;
  IndexServiceOptions options_;
  std::optional<PhysicalOffset> missing_from_;
  mutable Mutex mutex_;
  Mutex checkpoint_mutex_;  // behind the other; puts do not wait for the disk here
  IndexCheckpoint checkpoint_ GUARDED_BY(checkpoint_mutex_);
  std::optional<IndexMark> kept_ GUARDED_BY(checkpoint_mutex_);  // what this life has put into it
  std::string leftover_ GUARDED_BY(mutex_);  // a file whose making failed: it goes before the next is made
  std::vector<std::shared_ptr<IndexFile>> files_ GUARDED_BY(mutex_);  // oldest first; shared with a flush
  EpochMs safe_timestamp_ GUARDED_BY(mutex_);
};

}  // namespace mqctl
