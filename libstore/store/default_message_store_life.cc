// How a store opens and closes, and what it writes down of itself: lock, abort file, checkpoint.
#include <algorithm>

#include "libstore/index/consume_queue_store.h"
#include "libstore/index/index_service.h"
#include "libstore/log/segment_list.h"
#include "libstore/os/replace_file.h"
#include "libstore/os/store_lock.h"
#include "libstore/store/default_message_store.h"
#include "libstore/store/queue_offset_table.h"
#include "libstore/store/recovery.h"
#include "libstore/store/reput_message_service.h"

namespace mqctl {
namespace {

std::vector<std::string> log_directories(const StoreOptions& options) {
  if (!options.commit_log_directories.empty()) return options.commit_log_directories;
  return {join_path(options.root, "commitlog")};
}

Result<uint64_t> segment_bytes_of(FileSystem& fs, const StoreOptions& options) {
  std::vector<std::string> directories = log_directories(options);
  directories.insert(directories.end(), options.read_only_commit_log_directories.begin(),
                     options.read_only_commit_log_directories.end());
  Result<SegmentList> list = list_segments(fs, directories);
  if (!list && list.error().code() != Errc::kNotFound) return std::move(list).error();
  const uint64_t found = list ? list->segment_bytes : 0;
  if (found == 0) return options.segment_bytes == 0 ? kDefaultSegmentBytes : options.segment_bytes;
  if (options.segment_bytes == 0 || options.segment_bytes == found) return found;
  return Status::error(Errc::kInvalidArgument, "the segments there are " + std::to_string(found) + " bytes long, not " +
                                                   std::to_string(options.segment_bytes))
      .at(directories.front());
}

CommitLogOptions log_options(const StoreOptions& options) {
  CommitLogOptions log{.directories = log_directories(options),
                       .read_only_directories = options.read_only_commit_log_directories,
                       .segment_bytes = options.segment_bytes,
                       .put_lock = options.put_lock,
                       .flush = options.flush,
                       .allocate = options.allocate};
  log.flush.background = log.allocate.background = options.background;
  return log;
}

}  // namespace

DefaultMessageStore::DefaultMessageStore(FileSystem& fs, const Clock& clock, StoreOptions options)
    : fs_(fs), clock_(clock), options_(std::move(options)), log_(fs, clock, log_options(options_)) {}

DefaultMessageStore::~DefaultMessageStore() {
  (void)shutdown();  // the owner that wants the answer has called it before
}

Result<std::unique_ptr<DefaultMessageStore>> DefaultMessageStore::open(FileSystem& fs, const Clock& clock,
                                                                       StoreOptions options) {
  if (Status status = fs.create_directories(options.root); !status.ok()) return status;
  Result<StoreLock> lock = StoreLock::acquire(fs, options.root);
  if (!lock) return std::move(lock).error();
  Result<uint64_t> segment_bytes = segment_bytes_of(fs, options);
  if (!segment_bytes) return std::move(segment_bytes).error();
  options.segment_bytes = *segment_bytes;
  std::unique_ptr<DefaultMessageStore> store(new DefaultMessageStore(fs, clock, std::move(options)));
  store->lock_ = std::make_unique<StoreLock>(std::move(*lock));
  if (Status status = store->load_and_recover(); !status.ok()) return status;
  if (Status status = store->start(); !status.ok()) return status;
  return store;
}

Status DefaultMessageStore::load_and_recover() {
  const Result<bool> abort_file = exists(fs_, join_path(options_.root, "abort"));
  if (!abort_file) return abort_file.error();
  const LastExit last_exit = *abort_file ? LastExit::kCrash : LastExit::kClean;
  if (Status status = load_log_and_queues(); !status.ok()) return status;
  if (Status status = mark_open(); !status.ok()) return status;
  if (Status status = load_index(last_exit); !status.ok()) return status;
  if (Status status = write_checkpoint_again(last_exit); !status.ok()) return status;
  return recover(last_exit);
}

Status DefaultMessageStore::load_log_and_queues() {
  if (Status status = log_.load(); !status.ok()) return status;
  queues_ = std::make_unique<ConsumeQueueStore>(
      fs_, ConsumeQueueStoreOptions{.directory = join_path(options_.root, "consumequeue"),
                                    .segment_bytes = options_.consume_queue_segment_bytes});
  if (Status status = queues_->load(); !status.ok()) return status;
  Result<StoreCheckpoint> checkpoint = StoreCheckpoint::load(fs_, join_path(options_.root, "checkpoint"));
  if (!checkpoint) return std::move(checkpoint).error();
  checkpoint_ = *checkpoint;
  return {};
}

Status DefaultMessageStore::load_index(LastExit last_exit) {
  const std::string mark = join_path(options_.root, "index.checkpoint");
  if (!options_.index) return IndexCheckpoint(fs_, mark).forget();
  IndexServiceOptions index_options;
  index_options.directory = join_path(options_.root, "index");
  index_options.checkpoint = mark;
  index_options.geometry = options_.index_geometry;
  index_ = std::make_unique<IndexService>(fs_, clock_, index_options);
  if (Status status = index_->load(last_exit, checkpoint_.index_msg_timestamp); !status.ok()) return status;
  if (index_->missing_from()) {
    checkpoint_.index_msg_timestamp = std::min(checkpoint_.index_msg_timestamp, index_->safe_timestamp());
  }
  return {};
}

Status DefaultMessageStore::recover(LastExit last_exit) {
  // After a crash the abort file was there before us.
  bool changed = last_exit == LastExit::kCrash || (index_ != nullptr && index_->missing_from());
  Result<RecoveryReport> report = recover_store({.log = log_,
                                                 .queues = *queues_,
                                                 .index = index_.get(),
                                                 .checkpoint = checkpoint_,
                                                 .delay_levels = options_.delay_levels,
                                                 .after_crash = last_exit == LastExit::kCrash,
                                                 .on_damage = options_.on_damage,
                                                 .changes_begin = [&changed] { changed = true; },
                                                 .distrust_checkpoint = [this] { return distrust_checkpoint(); }});
  if (!report) {
    if (!changed) (void)unmark();  // refused, it is as it was
    return std::move(report).error();
  }
  recovery_ = std::move(*report);
  if (checkpoint_.logics_physical_offset >= recovery_.log_end) checkpoint_ = checkpoint_.of_no_log();
  return {};
}

// From here on the store counts as not closed, until shutdown says otherwise: what a start makes again it may not
// finish.
Status DefaultMessageStore::mark_open() {
  return replace_file(fs_, join_path(options_.root, "abort"), std::to_string(process_id()), Backup::kNone);
}

Status DefaultMessageStore::unmark() {
  if (Status status = fs_.remove(join_path(options_.root, "abort")); !status.ok()) return status;
  return fs_.sync_directory(options_.root);
}

// What was read may be what a sync has failed to write, with something else on disk; and files of the index that are
// made again are not to be believed before they are whole.
Status DefaultMessageStore::write_checkpoint_again(LastExit last_exit) {
  const bool index_again = index_ != nullptr && index_->missing_from();
  if (last_exit == LastExit::kClean && !index_again) return {};
  const std::string path = join_path(options_.root, "checkpoint");
  const Result<bool> there = exists(fs_, path);
  if (!there) return there.error();
  return *there ? checkpoint_.save(fs_, path) : Status();
}

// On disk alone: mostly what it says is true again once this life ends in order.
Status DefaultMessageStore::distrust_checkpoint() {
  return checkpoint_.of_no_log().save(fs_, join_path(options_.root, "checkpoint"));
}

Status DefaultMessageStore::start() {
  // Apache makes them now, too: whoever looks at a store without messages finds its parts.
  std::vector<std::string> directories = log_directories(options_);
  directories.push_back(join_path(options_.root, "consumequeue"));
  for (const std::string& directory : directories) {
    if (Status status = fs_.create_directories(directory); !status.ok()) return status;
  }
  offsets_ = std::make_unique<QueueOffsetTable>(
      [this](std::string_view topic, QueueId queue_id) { return max_queue_offset(topic, queue_id); });
  log_.start();
  reput_ = std::make_unique<ReputMessageService>(
      log_, options_.delay_levels, log_.max_offset(),
      [this](const DispatchRequest& request) { return dispatch(request); }, options_.background);
  running_.store(true, std::memory_order_release);
  return {};
}

// What is asked before the flush is on disk after it; dispatch and puts go on meanwhile.
Status DefaultMessageStore::checkpoint() {
  MutexLock lock(checkpoint_mutex_);
  const PhysicalOffset dispatched = reput_->position();
  if (dispatched == checkpointed_) return {};
  StoreCheckpoint reached = checkpoint_;
  if (reput_->last_stored().value() > 0) {
    reached.physic_msg_timestamp = reached.logics_msg_timestamp = reput_->last_stored();
    // A zero is a checkpoint's that does not say: the first record of a log may be meant by any place within it.
    reached.logics_physical_offset = std::max(reput_->last_record(), PhysicalOffset(1));
  }
  Result<std::optional<IndexMark>> mark = index_ == nullptr ? std::optional<IndexMark>() : index_->mark();
  if (!mark) return std::move(mark).error();
  if (index_ != nullptr) {
    reached.index_msg_timestamp = std::max(reached.index_msg_timestamp, index_->safe_timestamp());
  }
  if (Status status = log_.flush(); !status.ok()) return status;
  if (Status status = queues_->flush(); !status.ok()) return status;
  if (Status status = reached.save(fs_, join_path(options_.root, "checkpoint")); !status.ok()) return status;
  checkpoint_ = reached;
  // Where there is no room for it a start after a crash reads more.
  const Status kept = *mark ? index_->keep(**mark) : Status();
  if (!kept.ok() && kept.code() != Errc::kNoSpace) return kept;
  checkpointed_ = dispatched;
  return {};
}

Status DefaultMessageStore::shutdown() {
  if (!running_.exchange(false)) return {};
  Status outcome = flush();
  if (Status status = log_.shutdown(); outcome.ok()) outcome = status;
  reput_->shutdown();
  if (outcome.ok()) outcome = checkpoint();
  if (outcome.ok()) outcome = unmark();
  lock_.reset();
  return outcome;
}

}  // namespace mqctl
