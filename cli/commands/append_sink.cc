#include "cli/commands/append_sink.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "libstore/message/message_id.h"
#include "libstore/message/system_flag.h"
#include "libstore/os/file_system.h"

namespace mqctl {
namespace {

// A group of messages that go to disk together, and a run of receipts, grow no longer than this.
constexpr uint64_t kGroupBytes = 1u << 20;

Status outcome_of(const PutMessageResult& result) {
  switch (result.status) {
    case PutMessageStatus::kPutOk:
    case PutMessageStatus::kFlushDiskTimeout:
      return {};
    case PutMessageStatus::kMessageIllegal:
    case PutMessageStatus::kPropertiesSizeExceeded:
      return Status::error(Errc::kInvalidArgument, result.reason);
    case PutMessageStatus::kCreateMappedFileFailed:
      return Status::error(Errc::kNoSpace, result.reason);
    default:
      return Status::error(Errc::kIoError, result.reason);
  }
}

void append_number(std::string& text, std::string_view name, int64_t number) {
  text.append(name).append(std::to_string(number));
}

}  // namespace

StoreSink::StoreSink(DefaultMessageStore& store, const AppendOptions& options, const Clock& clock)
    : store_(store),
      sync_each_(options.sync == SyncMode::kEach),
      receipt_(options.receipt),
      topics_([this, &clock](const std::vector<TopicNeed>& needs) -> Status {
        Result<std::vector<TopicChange>> changes =
            ensure_topics(posix_file_system(), store_.options().root, needs, clock.now());
        if (!changes) return std::move(changes).error();
        topic_changes_.insert(topic_changes_.end(), changes->begin(), changes->end());
        return {};
      }) {}

Status StoreSink::put(const MessageDraft& draft) {
  if (Status status = topics_.note(draft); !status.ok()) return status;
  const PutMessageResult result = store_.put_message(draft);
  if (Status status = outcome_of(result); !status.ok()) return status;
  const auto size = static_cast<uint64_t>(result.end - result.offset);
  ++totals_.messages;
  totals_.body_bytes += draft.body.size();
  totals_.record_bytes += size;
  end_ = result.end;
  unsynced_ += size;
  if (receipt_) add_receipt(draft, result);
  const bool full = receipts_.size() >= kGroupBytes || (sync_each_ && unsynced_ >= kGroupBytes);
  return full ? settle() : Status();
}

Status StoreSink::settle() {
  if (sync_each_ && unsynced_ > 0) {
    if (Status status = store_.wait_flushed(end_); !status.ok()) return status;
    unsynced_ = 0;
  }
  return write_receipts();
}

void StoreSink::add_receipt(const MessageDraft& draft, const PutMessageResult& result) {
  const bool queued = enters_consume_queue(draft.sys_flag);
  append_number(receipts_, R"({"pos":)", result.offset.value());
  append_number(receipts_, R"(,"qoff":)", queued ? result.queue_offset.value() : 0);
  append_number(receipts_, R"(,"queue":)", draft.queue_id.value());
  receipts_.append(R"(,"msgid":")").append(offset_message_id(draft.store_host, result.offset));
  append_number(receipts_, R"(","size":)", result.end - result.offset);
  receipts_ += "}\n";
}

Status StoreSink::write_receipts() {
  std::string_view rest = receipts_;
  while (receipts_wanted_ && !rest.empty()) {
    const ssize_t written = ::write(STDOUT_FILENO, rest.data(), rest.size());
    if (written >= 0) {
      rest.remove_prefix(static_cast<size_t>(written));
    } else if (errno == EPIPE) {
      receipts_wanted_ = false;
    } else if (errno != EINTR && errno != EAGAIN) {
      return Status::from_errno("standard output", errno);
    }
  }
  receipts_.clear();
  return {};
}

DrySink::DrySink(const AppendOptions& options, uint64_t segment_bytes, uint64_t position_in_segment)
    : limits_{.max_body_bytes = options.max_body_bytes},
      segment_bytes_(segment_bytes),
      position_(position_in_segment),
      topics_([this](const std::vector<TopicNeed>& needs) -> Status {
        for (const TopicNeed& need : needs) needs_[need.topic] = std::max(needs_[need.topic], need.queues);
        return {};
      }) {}

Status DrySink::put(const MessageDraft& draft) {
  Result<EncodedMessage> encoded = EncodedMessage::encode(draft, limits_);
  if (!encoded) return std::move(encoded).error();
  const uint64_t with_blank = encoded->size() + kBlankBytes;
  if (with_blank > segment_bytes_) {
    return Status::error(
        Errc::kInvalidArgument,
        std::to_string(encoded->size()) + " bytes do not fit in a segment of " + std::to_string(segment_bytes_));
  }
  if (position_ + with_blank > segment_bytes_) {
    ++new_segments_;
    position_ = 0;
  }
  position_ += encoded->size();
  ++totals_.messages;
  totals_.body_bytes += draft.body.size();
  totals_.record_bytes += encoded->size();
  return topics_.note(draft);
}

std::vector<TopicNeed> DrySink::topics() const {
  std::vector<TopicNeed> needs;
  for (const auto& [topic, queues] : needs_) needs.push_back({topic, queues});
  return needs;
}

}  // namespace mqctl
