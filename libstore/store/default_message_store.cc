#include "libstore/store/default_message_store.h"

#include <algorithm>

#include "libstore/index/consume_queue_store.h"
#include "libstore/index/index_service.h"
#include "libstore/store/queue_offset_table.h"
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

}  // namespace mqctl
