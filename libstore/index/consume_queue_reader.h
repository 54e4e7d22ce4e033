// ConsumeQueueReader: one consume queue, read-only, through pread: the index of one (topic, queue id) into the log.
//
// For commands that look into other people's stores, a live one included. A unit of zeros means "not written yet",
// not corruption. Not thread-safe. See consume_queue.h for the one that a writer owns.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "libstore/base/result.h"
#include "libstore/index/consume_queue_unit.h"
#include "libstore/log/segment_list.h"
#include "libstore/os/file_system.h"

namespace mqctl {

struct QueueKey {
  std::string topic;
  QueueId queue_id;
  auto operator<=>(const QueueKey&) const = default;
};

// Every queue below a consumequeue/ directory, sorted; strays are what is neither topic, queue id nor segment.
struct QueueListing {
  std::vector<QueueKey> queues;
  std::vector<StrayFile> strays;
};
Result<QueueListing> list_queues(FileSystem& fs, const std::string& consume_queue_directory);

class ConsumeQueueReader {
 public:
  // kNotFound where the queue has no directory. `consume_queue_directory` is `<root>/consumequeue`.
  static Result<ConsumeQueueReader> open(FileSystem& fs, const std::string& consume_queue_directory,
                                         const QueueKey& key);

  const QueueKey& key() const { return key_; }
  // First unit by the files there are, and behind the last valid unit as found now (Apache: recover).
  QueueOffset first_in_files() const;
  Result<QueueOffset> max_offset();
  // Apache's correctMinOffset: the first unit that points at or behind the log's beginning.
  Result<QueueOffset> min_offset(PhysicalOffset log_min);
  // The unit, zeros where nothing was written; kNotFound outside the files.
  Result<ConsumeQueueUnit> unit(QueueOffset offset);
  const SegmentList& files() const { return files_; }

 private:
  struct OpenFile;
  ConsumeQueueReader(FileSystem& fs, QueueKey key, SegmentList files);
  FileSystem* fs_;
  QueueKey key_;
  SegmentList files_;
  std::shared_ptr<OpenFile> open_;  // the file last read, with a small window
};

}  // namespace mqctl
