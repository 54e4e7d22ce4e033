#include "libstore/store/default_message_store.h"

#include <algorithm>

#include "libstore/index/consume_queue_store.h"
#include "libstore/index/index_service.h"
#include "libstore/log/segment_list.h"
#include "libstore/os/replace_file.h"
#include "libstore/os/store_lock.h"
#include "libstore/store/queue_offset_table.h"
#include "libstore/store/recovery.h"
#include "libstore/store/reput_message_service.h"

namespace mqctl {
namespace {

constexpr std::chrono::seconds kCatchUpLimit{60};

// Whose dispatch this thread has deferred.
thread_local const DefaultMessageStore* t_deferred = nullptr;

// How far dispatch may fall behind the log. A start after a crash rebuilds queues from the log, but 5.5.0 only from its
// last ten segments: four leave room.
int64_t dispatch_lag_limit(uint64_t segment_bytes) {
  constexpr uint64_t kUsual = 256u << 20;
  return static_cast<int64_t>(std::clamp(kUsual, segment_bytes, 4 * segment_bytes));
}

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

PutMessageStatus status_of(Errc code) {
  switch (code) {
    case Errc::kInvalidArgument:
      return PutMessageStatus::kMessageIllegal;
    case Errc::kNoSpace:
    case Errc::kTimedOut:
      return PutMessageStatus::kCreateMappedFileFailed;
    case Errc::kBusy:
      return PutMessageStatus::kServiceNotAvailable;
    default:
      return PutMessageStatus::kUnknownError;
  }
}

PutMessageResult refused(PutMessageStatus status, std::string reason) {
  PutMessageResult result;
  result.status = status;
  result.reason = std::move(reason);
  return result;
}

PutMessageResult refused(const Status& status) { return refused(status_of(status.code()), status.to_string()); }

// What waiting for the disk came to.
void settle(PutMessageResult& result, const Status& flushed) {
  if (flushed.ok()) return;
  result.status =
      flushed.code() == Errc::kTimedOut ? PutMessageStatus::kFlushDiskTimeout : PutMessageStatus::kUnknownError;
  result.reason = flushed.to_string();
}

bool of_one_queue(std::span<const MessageDraft> drafts) {
  return std::all_of(drafts.begin(), drafts.end(), [&](const MessageDraft& draft) {
    return draft.topic == drafts.front().topic && draft.queue_id == drafts.front().queue_id;
  });
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
  const Result<bool> after_crash = exists(fs_, join_path(options_.root, "abort"));
  if (!after_crash) return after_crash.error();
  if (Status status = log_.load(); !status.ok()) return status;
  queues_ = std::make_unique<ConsumeQueueStore>(
      fs_, ConsumeQueueStoreOptions{.directory = join_path(options_.root, "consumequeue"),
                                    .segment_bytes = options_.consume_queue_segment_bytes});
  if (Status status = queues_->load(); !status.ok()) return status;
  Result<StoreCheckpoint> checkpoint = StoreCheckpoint::load(fs_, join_path(options_.root, "checkpoint"));
  if (!checkpoint) return std::move(checkpoint).error();
  checkpoint_ = *checkpoint;
  if (Status status = mark_open(); !status.ok()) return status;
  if (options_.index) {
    IndexServiceOptions index_options;
    index_options.directory = join_path(options_.root, "index");
    index_options.checkpoint = join_path(options_.root, "index.checkpoint");
    index_options.geometry = options_.index_geometry;
    index_ = std::make_unique<IndexService>(fs_, clock_, index_options);
    const LastExit last_exit = *after_crash ? LastExit::kCrash : LastExit::kClean;
    if (Status status = index_->load(last_exit, checkpoint_.index_msg_timestamp); !status.ok()) return status;
    if (index_->missing_from()) {
      checkpoint_.index_msg_timestamp = std::min(checkpoint_.index_msg_timestamp, index_->safe_timestamp());
    }
  } else if (Status status = IndexCheckpoint(fs_, join_path(options_.root, "index.checkpoint")).forget();
             !status.ok()) {
    return status;
  }
  if (Status status = write_checkpoint_again(*after_crash); !status.ok()) return status;
  // After a crash the abort file was there before us.
  bool changed = *after_crash || (index_ != nullptr && index_->missing_from());
  Result<RecoveryReport> report = recover_store({.log = log_,
                                                 .queues = *queues_,
                                                 .index = index_.get(),
                                                 .checkpoint = checkpoint_,
                                                 .delay_levels = options_.delay_levels,
                                                 .after_crash = *after_crash,
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
Status DefaultMessageStore::write_checkpoint_again(bool after_crash) {
  const bool index_again = index_ != nullptr && index_->missing_from();
  if (!after_crash && !index_again) return {};
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

Status DefaultMessageStore::dispatch(const DispatchRequest& request) {
  if (Status status = queues_->put(request); !status.ok()) return status;
  if (index_ != nullptr) {
    if (Status status = index_->put(request); !status.ok()) return status;
  }
  if (options_.on_arrival) options_.on_arrival(request);
  return {};
}

PutMessageResult DefaultMessageStore::put_message(const MessageDraft& draft) { return put_messages({&draft, 1}); }

PutMessageResult DefaultMessageStore::put_messages(std::span<const MessageDraft> drafts) {
  PutMessageResult result = append(drafts);
  if (waits_for_disk(result)) settle(result, log_.wait_flushed(result.end));
  if (stored(result.status)) wake_dispatch();
  return result;
}

void DefaultMessageStore::put_messages(std::span<const MessageDraft> drafts, PutDone done) {
  PutMessageResult result = append(drafts);
  if (!waits_for_disk(result)) {
    if (stored(result.status)) wake_dispatch();
    return done(std::move(result));
  }
  log_.when_flushed(result.end, [this, result, done = std::move(done)](const Status& flushed) mutable {
    settle(result, flushed);
    reput_->wake();
    done(std::move(result));
  });
  if (t_deferred != this) log_.ask_flush();
}

bool DefaultMessageStore::waits_for_disk(const PutMessageResult& result) const {
  return options_.flush.mode == FlushMode::kSync && result.status == PutMessageStatus::kPutOk;
}

void DefaultMessageStore::wake_dispatch() {
  if (t_deferred != this) reput_->wake();
}

PutMessageResult DefaultMessageStore::append(std::span<const MessageDraft> drafts) {
  if (!running_.load(std::memory_order_acquire)) {
    return refused(PutMessageStatus::kServiceNotAvailable, "the store is closed");
  }
  // The kernel may have dropped what it could not write: what is put from here on would stand behind a gap.
  if (log_.flush_failed()) {
    return refused(PutMessageStatus::kServiceNotAvailable,
                   "nothing is stored until the store is opened again: " + log_.flush_failure().to_string());
  }
  if (reput_->failed()) return refused(PutMessageStatus::kServiceNotAvailable, reput_->failure().to_string());
  if (drafts.empty() || !of_one_queue(drafts)) {
    return refused(PutMessageStatus::kMessageIllegal, "a batch is of one topic and queue and not empty");
  }
  // A lone message, the common case, is encoded without allocating.
  std::optional<EncodedMessage> single;
  std::vector<EncodedMessage> several;
  if (drafts.size() > 1) several.reserve(drafts.size());
  for (const MessageDraft& draft : drafts) {
    if (stored_properties_bytes(draft, options_.limits) > kMaxPropertiesBytes) {
      return refused(PutMessageStatus::kPropertiesSizeExceeded, "properties of more than 32767 bytes");
    }
    Result<EncodedMessage> encoded = EncodedMessage::encode(draft, options_.limits);
    if (!encoded) return refused(encoded.error());
    if (drafts.size() == 1) {
      single = *encoded;
    } else {
      several.push_back(*encoded);
    }
  }
  const std::span<const EncodedMessage> run =
      single ? std::span<const EncodedMessage>(&*single, 1) : std::span<const EncodedMessage>(several);
  return append_run(run);
}

PutMessageResult DefaultMessageStore::append_run(std::span<const EncodedMessage> run) {
  if (dispatch_behind_bytes() > dispatch_lag_limit(options_.segment_bytes)) {
    const PhysicalOffset target = log_.max_offset() - dispatch_lag_limit(options_.segment_bytes) / 2;
    log_.ask_flush();  // where dispatch waits for it, and this thread has put off to ask
    if (Status status = reput_->wait_for(target, kCatchUpLimit); !status.ok()) return refused(status);
  }
  const MessageDraft& draft = run.front().draft();
  Result<AppendedRun> appended = log_.append(run, offsets_->cursor(draft.topic, draft.queue_id));
  if (!appended) return refused(appended.error());

  PutMessageResult result;
  result.status = PutMessageStatus::kPutOk;
  result.offset = appended->offset;
  result.queue_offset = appended->queue_offset;
  result.stored_at = appended->stored;
  result.end = appended->end;
  return result;
}

void DefaultMessageStore::defer_dispatch() { t_deferred = this; }

void DefaultMessageStore::dispatch_deferred() {
  t_deferred = nullptr;
  log_.ask_flush();
  reput_->dispatch_now();
}

void DefaultMessageStore::await_dispatch(std::chrono::milliseconds limit) const {
  const PhysicalOffset end = log_.confirm_offset();
  if (reput_->position() < end) reput_->dispatch_now();
  if (reput_->position() < end) (void)reput_->wait_for(end, limit);
}

int64_t DefaultMessageStore::dispatch_behind_bytes() const { return log_.max_offset() - reput_->position(); }

Status DefaultMessageStore::flush() {
  const PhysicalOffset end = log_.max_offset();
  if (Status status = log_.flush(); !status.ok()) return status;
  if (Status status = reput_->wait_for(end, kCatchUpLimit); !status.ok()) return status;
  if (Status status = queues_->flush(); !status.ok()) return status;
  return index_ == nullptr ? Status() : index_->flush();
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

Result<int> DefaultMessageStore::delete_queues(const std::function<bool(std::string_view topic)>& of) {
  // What is still on its way there must not come after.
  if (Status status = reput_->wait_for(log_.confirm_offset(), kCatchUpLimit); !status.ok()) return status;
  int deleted = 0;
  Status status = reput_->run_between([&] {
    for (ConsumeQueue* queue : queues_->all()) {
      if (!of(queue->topic())) continue;
      const bool has_messages = queue->max_offset() > QueueOffset(0);
      // Stays, also where nothing was put in this life yet.
      if (has_messages) (void)offsets_->cursor(queue->topic(), queue->queue_id());
      // Also an empty one: a deletion before may have failed half way.
      if (Status gone = queue->destroy(); !gone.ok()) return gone;
      deleted += has_messages ? 1 : 0;
    }
    return Status();
  });
  if (!status.ok()) return status;
  return deleted;
}

void DefaultMessageStore::step(Service service) {
  switch (service) {
    case Service::kAllocate:
      return log_.step_allocate();
    case Service::kFlush:
      return log_.step_flush();
    case Service::kReput:
      return reput_->dispatch_now();
  }
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
