// DefaultMessageStore: a whole store that this process owns: log, consume queues, index, checkpoint, lock and abort
// file (Apache: DefaultMessageStore).
//
// open() takes the lock before it touches anything, recovers what a crash left, and starts the services. Puts may come
// from any thread; so may gets. What was put is visible to gets once it was dispatched, soon after; with sync flush,
// once it is on disk. shutdown() leaves what a genuine broker opens as cleanly closed.
// Durability: put_* return when the message survives kill -9; with FlushMode::kSync when it survives a power cut.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "libstore/base/background.h"
#include "libstore/base/clock.h"
#include "libstore/base/mutex.h"
#include "libstore/base/result.h"
#include "libstore/index/consume_queue_unit.h"
#include "libstore/index/dispatch_request.h"
#include "libstore/index/index_layout.h"
#include "libstore/log/commit_log.h"
#include "libstore/message/delay_level.h"
#include "libstore/message/message_view.h"
#include "libstore/store/put_message_status.h"
#include "libstore/store/recovery_report.h"
#include "libstore/store/store_checkpoint.h"

namespace mqctl {

class ConsumeQueueStore;
class IndexService;
enum class LastExit : uint8_t;
class QueueOffsetTable;
class ReputMessageService;
class StoreLock;

// What to do with a log whose damage is followed by sound messages. Apache cuts them off; so do we only when told.
enum class OnDamage : uint8_t { kRefuse, kTruncate };

struct StoreOptions {
  std::string root;
  std::vector<std::string> commit_log_directories;  // empty: `<root>/commitlog`
  std::vector<std::string> read_only_commit_log_directories;
  // 0: as the files that are there have it, else Apache's default. Wrong for the files: kInvalidArgument.
  uint64_t segment_bytes = 0;
  // For a store without queues, 0: Apache's default; the files that are there decide otherwise.
  uint64_t consume_queue_segment_bytes = 0;
  PutLockKind put_lock = PutLockKind::kMutex;
  FlushOptions flush;
  AllocateOptions allocate;
  EncoderLimits limits;
  DelayLevelTable delay_levels = DelayLevelTable::defaults();
  OnDamage on_damage = OnDamage::kRefuse;
  bool index = true;
  IndexGeometry index_geometry;  // of the first index file of a store
  Background background = Background::kThreads;
  // Called by the dispatching thread when a record can be got from its queue (Apache: MessageArrivingListener). Brief.
  std::function<void(const DispatchRequest&)> on_arrival;
};

enum class GetMessageStatus : uint8_t {
  kFound,
  kNoMatchedQueue,  // no such queue
  kNoMessageInQueue,
  kOffsetTooSmall,
  kOffsetOverflowOne,  // just behind the last message
  kOffsetOverflowBadly,
  kRemoving,  // the unit points to a segment that is gone
};

struct GetMessageResult {
  GetMessageStatus status = GetMessageStatus::kNoMatchedQueue;
  QueueOffset min_offset, max_offset, next_offset;
  std::vector<HeldBytes> messages;  // whole records
  size_t bytes = 0;
};

class DefaultMessageStore {
 public:
  // kBusy: another process has the store (named in the message). kCorruption with OnDamage::kRefuse: damage with
  // messages behind it, placed and counted; nothing was changed. kUnsupported: a store of another kind.
  static Result<std::unique_ptr<DefaultMessageStore>> open(FileSystem& fs, const Clock& clock, StoreOptions options);
  ~DefaultMessageStore();

  const RecoveryReport& recovery() const { return recovery_; }
  const StoreOptions& options() const { return options_; }

  // --- Puts, any thread ---
  PutMessageResult put_message(const MessageDraft& draft);
  // All or none, to one topic and queue: consecutive offsets, one store time, never over two segments.
  PutMessageResult put_messages(std::span<const MessageDraft> drafts);
  // The same without a thread that waits for the disk: `done` is called once, before it returns where nothing is to be
  // waited for, otherwise by the thread that flushes, or after its limit by one that watches over it. Brief.
  using PutDone = std::function<void(PutMessageResult)>;
  void put_messages(std::span<const MessageDraft> drafts, PutDone done);
  // Puts of this thread are dispatched by nobody else until dispatch_deferred(), which does it on this thread: for who
  // puts several in a row, or has something to do first. A call each; another store's are not touched.
  void defer_dispatch();
  void dispatch_deferred();
  // The log is on disk up to `end` (of a put's result), whatever the flush mode: one wait for many puts.
  Status wait_flushed(PhysicalOffset end) { return log_.wait_flushed(end); }
  // Everything put before the call is on disk, and in the queues and the index, when it returns.
  Status flush();
  // What was dispatched before the call is on disk, with its units and keys, and a start after a crash believes it: it
  // reads what came later. For once in a while, beside puts; no disk is touched where nothing was dispatched since.
  Status checkpoint() EXCLUDES(checkpoint_mutex_);

  // --- Gets, any thread ---
  GetMessageResult get_message(std::string_view topic, QueueId queue_id, QueueOffset from, int max_messages,
                               size_t max_bytes);
  Result<HeldBytes> message_at(PhysicalOffset offset, MessageView& view) const { return log_.read(offset, view); }
  // Physical offsets by key (UNIQ_KEY or a token of KEYS), newest first, records compared with the key.
  Result<std::vector<PhysicalOffset>> query_message(std::string_view topic, std::string_view key, int max_messages,
                                                    EpochMs begin, EpochMs end);
  // Apache's getOffsetInQueueByTime.
  QueueOffset offset_by_time(std::string_view topic, QueueId queue_id, EpochMs time);
  QueueOffset min_queue_offset(std::string_view topic, QueueId queue_id) const;
  QueueOffset max_queue_offset(std::string_view topic, QueueId queue_id) const;
  std::optional<EpochMs> store_time(std::string_view topic, QueueId queue_id, QueueOffset offset) const;
  PhysicalOffset min_offset() const { return log_.min_offset(); }
  PhysicalOffset max_offset() const { return log_.max_offset(); }
  int64_t dispatch_behind_bytes() const;
  // For who asks for what was just put: dispatches what is in the log now, or waits where another is at it, no longer
  // than the limit.
  void await_dispatch(std::chrono::milliseconds limit) const;

  const CommitLog& commit_log() const { return log_; }
  ConsumeQueueStore& consume_queues() { return *queues_; }
  IndexService* index() { return index_.get(); }

  // Removes the queues that the test names; what the log has of them stays until its segments go. How many there were.
  // A queue that gets messages again goes on with its offsets until the store is opened the next time.
  Result<int> delete_queues(const std::function<bool(std::string_view topic)>& of);
  // Retention (retention.h): segments, units and index files below; one pass at a time.
  Result<int> delete_expired_segments(EpochMs modified_before, int limit);

  // With Background::kSteps: what the threads would have done by now.
  enum class Service : uint8_t { kAllocate, kFlush, kReput };
  void step(Service service);

  // Waits for dispatch, flushes all, writes the checkpoint, removes the abort file, lets go of the lock. Idempotent.
  // The abort file stays where something failed: the next start then recovers.
  Status shutdown();

 private:
  DefaultMessageStore(FileSystem& fs, const Clock& clock, StoreOptions options);
  Status load_and_recover();
  Status load_log_and_queues();
  Status load_index(LastExit last_exit);
  Status recover(LastExit last_exit);
  Status mark_open();
  Status unmark();
  Status write_checkpoint_again(LastExit last_exit);
  Status distrust_checkpoint();
  Status start();
  Status dispatch(const DispatchRequest& request);
  // Everything but the wait for the disk.
  PutMessageResult append(std::span<const MessageDraft> drafts);
  PutMessageResult append_run(std::span<const EncodedMessage> run);
  bool waits_for_disk(const PutMessageResult& result) const;
  // After a put that was done; in a deferred one nobody is woken yet.
  void wake_dispatch();

  FileSystem& fs_;
  const Clock& clock_;
  const StoreOptions options_;
  std::unique_ptr<StoreLock> lock_;
  CommitLog log_;
  std::unique_ptr<ConsumeQueueStore> queues_;
  std::unique_ptr<IndexService> index_;
  std::unique_ptr<QueueOffsetTable> offsets_;
  std::unique_ptr<ReputMessageService> reput_;
  Mutex checkpoint_mutex_;
  StoreCheckpoint checkpoint_;       // checkpoint()'s, once it is open
  PhysicalOffset checkpointed_{-1};  // what was dispatched before the last one
  RecoveryReport recovery_;
  std::atomic<bool> running_{false};  // release: the services are up
};

}  // namespace mqctl
