// The reading half of DefaultMessageStore.
#include <algorithm>

#include "libstore/index/consume_queue_store.h"
#include "libstore/index/index_service.h"
#include "libstore/message/properties.h"
#include "libstore/store/default_message_store.h"
#include "libstore/store/reput_message_service.h"

namespace mqctl {
namespace {

GetMessageStatus status_of_offset(QueueOffset from, const GetMessageResult& bounds) {
  if (bounds.max_offset.value() == 0) return GetMessageStatus::kNoMessageInQueue;
  if (from < bounds.min_offset) return GetMessageStatus::kOffsetTooSmall;
  if (from == bounds.max_offset) return GetMessageStatus::kOffsetOverflowOne;
  if (from > bounds.max_offset) return GetMessageStatus::kOffsetOverflowBadly;
  return GetMessageStatus::kFound;
}

// Where the caller should go on, as Apache tells it.
QueueOffset next_for(GetMessageStatus status, QueueOffset from, const GetMessageResult& bounds) {
  switch (status) {
    case GetMessageStatus::kNoMessageInQueue:
      return QueueOffset(0);
    case GetMessageStatus::kOffsetTooSmall:
      return bounds.min_offset;
    case GetMessageStatus::kOffsetOverflowBadly:
      return bounds.min_offset.value() == 0 ? bounds.min_offset : bounds.max_offset;
    default:
      return from;
  }
}

bool has_key(const MessageView& message, std::string_view topic, std::string_view key) {
  if (message.topic != topic) return false;
  const DispatchProperties properties = dispatch_properties(message.properties);
  if (properties.has_uniq_key && properties.uniq_key == key) return true;
  KeyCursor keys(properties.keys);
  for (std::string_view word; keys.next(word);) {
    if (word == key) return true;
  }
  return false;
}

}  // namespace

GetMessageResult DefaultMessageStore::get_message(std::string_view topic, QueueId queue_id, QueueOffset from,
                                                  int max_messages, size_t max_bytes) {
  GetMessageResult result;
  const ConsumeQueue* queue = queues_->find(topic, queue_id);
  if (queue == nullptr) return result;
  result.min_offset = queue->min_offset();
  result.max_offset = queue->max_offset();
  result.status = status_of_offset(from, result);
  result.next_offset = next_for(result.status, from, result);
  if (result.status != GetMessageStatus::kFound) return result;

  result.status = GetMessageStatus::kRemoving;
  constexpr int kUsualMost = 64;
  result.messages.reserve(static_cast<size_t>(std::clamp(max_messages, 0, kUsualMost)));
  for (QueueOffset at = from; at < result.max_offset && static_cast<int>(result.messages.size()) < max_messages; ++at) {
    const std::optional<ConsumeQueueUnit> unit = queue->unit(at);
    if (!unit) break;
    const auto size = static_cast<size_t>(unit->size);
    if (!result.messages.empty() && result.bytes + size > max_bytes) break;
    result.next_offset = at + 1;
    HeldBytes record = log_.record_bytes(unit->physical_offset, size);
    if (!record) continue;  // retention has taken the segment
    result.bytes += size;
    result.messages.push_back(std::move(record));
    result.status = GetMessageStatus::kFound;
  }
  return result;
}

Result<std::vector<PhysicalOffset>> DefaultMessageStore::query_message(std::string_view topic, std::string_view key,
                                                                       int max_messages, EpochMs begin, EpochMs end) {
  if (index_ == nullptr) return Status::error(Errc::kUnsupported, "the store was opened without its index");
  // The index knows hashes only, so a few more candidates than wanted are looked at.
  constexpr size_t kCandidates = 4096;
  std::vector<PhysicalOffset> found;
  for (const PhysicalOffset offset : index_->query(topic, key, kCandidates, begin, end)) {
    if (static_cast<int>(found.size()) >= max_messages) break;
    MessageView message;
    const Result<HeldBytes> held = log_.read(offset, message);
    if (!held || !has_key(message, topic, key)) continue;
    if (message.stored < begin || message.stored > end) continue;
    if (std::find(found.begin(), found.end(), offset) == found.end()) found.push_back(offset);
  }
  return found;
}

QueueOffset DefaultMessageStore::offset_by_time(std::string_view topic, QueueId queue_id, EpochMs time) {
  const ConsumeQueue* queue = queues_->find(topic, queue_id);
  if (queue == nullptr) return QueueOffset(0);
  return queue->offset_by_time(time, [&](const ConsumeQueueUnit& unit) -> std::optional<EpochMs> {
    MessageView message;
    const Result<HeldBytes> held = log_.read(unit.physical_offset, message);
    return held ? std::optional(message.stored) : std::nullopt;
  });
}

QueueOffset DefaultMessageStore::min_queue_offset(std::string_view topic, QueueId queue_id) const {
  const ConsumeQueue* queue = queues_->find(topic, queue_id);
  return queue == nullptr ? QueueOffset(0) : queue->min_offset();
}

QueueOffset DefaultMessageStore::max_queue_offset(std::string_view topic, QueueId queue_id) const {
  const ConsumeQueue* queue = queues_->find(topic, queue_id);
  return queue == nullptr ? QueueOffset(0) : queue->max_offset();
}

std::optional<EpochMs> DefaultMessageStore::store_time(std::string_view topic, QueueId queue_id,
                                                       QueueOffset offset) const {
  const ConsumeQueue* queue = queues_->find(topic, queue_id);
  const std::optional<ConsumeQueueUnit> unit = queue == nullptr ? std::nullopt : queue->unit(offset);
  if (!unit || unit->physical_offset < log_.min_offset()) return std::nullopt;
  MessageView message;
  const Result<HeldBytes> held = log_.read(unit->physical_offset, message);
  return held ? std::optional(message.stored) : std::nullopt;
}

Result<int> DefaultMessageStore::delete_expired_segments(EpochMs modified_before, int limit) {
  const PhysicalOffset dispatched = reput_->position();  // the queues must not miss what is deleted before they have it
  const auto expired = [&](const MappedFile& file) {
    if (file.end_offset() > dispatched.value()) return false;
    const Result<FileStat> found = fs_.stat(file.path());
    return found && found->modified <= modified_before;
  };
  MappedFileQueue& segments = log_.files();
  if (segments.file_count() < 2 || !expired(*segments.first())) return 0;
  // How its messages were numbered only the queues know then: a power cut must not take their units as well.
  if (Status status = queues_->flush(); !status.ok()) return status;
  Result<int> deleted = segments.delete_from_front(expired, limit);
  // Dispatch and whoever deletes topics change queues as well. Their minima follow the log's, also where a removal
  // failed; but their files stay: that segment is back with the next start.
  Status status = reput_->run_between([&] {
    queues_->correct_min_offsets(log_.min_offset());
    if (!deleted) return Status();
    const Result<int> units = queues_->delete_expired(log_.min_offset());
    if (!units || index_ == nullptr) return units ? Status() : units.error();
    const Result<int> files = index_->delete_expired(log_.min_offset());
    return files ? Status() : files.error();
  });
  return status.ok() || !deleted ? deleted : std::move(status);
}

}  // namespace mqctl
