// CommitLog: all messages of a store in the order of their arrival (Apache: CommitLog).
//
// Writers from any thread append runs of encoded records; the put lock orders them. Under it a run gets its queue
// offsets, physical offsets and store time and is copied into the mapping once. A run never spans segments: where it
// does not fit, the segment ends with a blank record and the whole run goes to the next (docs/store-format.md).
// Readers take views without a lock.
// Durability: append returns when the bytes are in the page cache (they survive kill -9); wait_flushed when they are
// on disk.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "libstore/base/clock.h"
#include "libstore/base/result.h"
#include "libstore/log/allocate_mapped_file_service.h"
#include "libstore/log/flush_service.h"
#include "libstore/log/mapped_file_queue.h"
#include "libstore/log/put_message_lock.h"
#include "libstore/message/message_encoder.h"
#include "libstore/message/message_view.h"

namespace mqctl {

inline constexpr uint64_t kDefaultSegmentBytes = 1ull << 30;

struct CommitLogOptions {
  std::vector<std::string> directories;
  std::vector<std::string> read_only_directories;
  uint64_t segment_bytes = kDefaultSegmentBytes;
  PutLockKind put_lock = PutLockKind::kMutex;
  FlushOptions flush;
  AllocateOptions allocate;
};

// The next offset of one (topic, queue id). Belongs to the put lock of the log it is used with.
struct QueueCursor {
  int64_t next = 0;
};

struct AppendedRun {
  PhysicalOffset offset;     // of the first record
  QueueOffset queue_offset;  // of the first record
  EpochMs stored;
  PhysicalOffset end;
};

class CommitLog {
 public:
  CommitLog(FileSystem& fs, const Clock& clock, CommitLogOptions options);
  ~CommitLog();

  // --- Before start(): one thread ---
  Status load() { return queue_.load(); }
  MappedFileQueue& files() { return queue_; }
  const MappedFileQueue& files() const { return queue_; }
  Status truncate(PhysicalOffset end) { return queue_.truncate(end.value()); }
  // Where an empty log begins; 0 unless told (rounded down to a segment).
  void set_start_offset(PhysicalOffset start) { start_offset_ = start.value(); }
  void start();

  // --- Any thread ---
  // kInvalidArgument: the run is longer than a segment takes. kNoSpace, kTimedOut, ...: no segment; nothing changed.
  Result<AppendedRun> append(std::span<const EncodedMessage> run, QueueCursor& cursor);
  Status wait_flushed(PhysicalOffset end) { return flush_->wait_flushed(end); }
  // FlushService::when_flushed, and what makes it soon.
  void when_flushed(PhysicalOffset end, FlushWaits::Done done) { flush_->when_flushed(end, std::move(done)); }
  void ask_flush() { flush_->ask_for_waits(); }
  bool flush_failed() const { return flush_->failed(); }
  Status flush_failure() const { return flush_->failure(); }
  const LatencyHistogram& flush_latency() const { return flush_->latency(); }
  FlushMode flush_mode() const { return options_.flush.mode; }
  // With Background::kSteps: what the threads would do.
  void step_flush() { flush_->step(); }
  void step_allocate() { allocator_->step(); }
  // Everything appended before the call is on disk when it returns.
  Status flush() { return queue_.flush(); }

  PhysicalOffset min_offset() const { return PhysicalOffset(queue_.min_offset()); }
  PhysicalOffset max_offset() const { return PhysicalOffset(queue_.max_offset()); }
  PhysicalOffset flushed_where() const { return PhysicalOffset(queue_.flushed_where()); }
  // How far dispatch, and with it every consumer, may look: with sync flush no further than what is on disk.
  PhysicalOffset confirm_offset() const;
  uint64_t segment_bytes() const { return options_.segment_bytes; }

  // Published bytes of one segment from the offset on; empty where there are none.
  HeldBytes data_from(PhysicalOffset offset) const;
  // `size` published bytes at the offset, as a consume-queue unit names them; none where they are not in one segment.
  HeldBytes record_bytes(PhysicalOffset offset, size_t size) const;
  // The record at the offset, checked frame and place, body CRC not. `view` points into what is returned.
  Result<HeldBytes> read(PhysicalOffset offset, MessageView& view) const;

  // Flushes, stops the threads, removes segments made ahead. Idempotent; the first failure there was.
  Status shutdown();

 private:
  // With sync flush records go through write(): a mapped page that is written again after each sync costs a fault, and
  // at the sync an interrupt of every processor (docs/performance.md, "sync flush").
  bool through_file() const { return options_.flush.mode == FlushMode::kSync; }
  Result<MappedFile*> room_for(uint64_t bytes);
  static void encode_run(std::span<const EncodedMessage> run, const AppendedRun& place, std::byte* to,
                         QueueCursor& cursor);
  static Status copy_run(std::span<const EncodedMessage> run, const AppendedRun& place, MappedFile& file,
                         QueueCursor& cursor);
  Status write_run(std::span<const EncodedMessage> run, const AppendedRun& place, MappedFile& file,
                   QueueCursor& cursor);
  void look_ahead(MappedFile& file);

  const Clock& clock_;
  const CommitLogOptions options_;
  std::unique_ptr<AllocateMappedFileService> allocator_;
  MappedFileQueue queue_;
  std::unique_ptr<FlushService> flush_;
  std::unique_ptr<PutMessageLock> put_lock_;
  std::vector<std::byte> encoded_;  // the put lock's
  int64_t start_offset_ = 0;
  uint64_t touched_until_ = 0;  // the put lock's: pages of the current file asked for so far
  const MappedFile* touched_file_ = nullptr;
  bool next_prepared_ = false;  // the put lock's
};

}  // namespace mqctl
