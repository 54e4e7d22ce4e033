// The part of QueueCheck that knows messages of topics that were deleted: their records stay in the log until its
// segments go, their queues do not.
#include "libstore/log/segment_reader.h"
#include "libstore/message/record_parser.h"
#include "libstore/store/queue_check.h"
#include "libstore/store/topic_config.h"

namespace mqctl {
namespace {

bool is_system(std::string_view topic) { return built_in_queues(topic) > 0 || topic.starts_with("rmq_sys_"); }

}  // namespace

// Without the table nothing is known about topics.
void QueueCheck::load_topic_names() {
  if (location_.root.empty()) return;
  const Result<std::vector<TopicConfig>> topics = load_topics(fs_, location_.root);
  if (!topics) return;
  for (const TopicConfig& topic : *topics) topics_.insert(topic.topic);
}

bool QueueCheck::of_deleted_topic(const Queue& queue, std::string_view topic) {
  if (topics_.empty() || !queue.files.pieces().empty() || is_system(topic) || topics_.contains(std::string(topic)))
    return false;
  ++deleted_;
  return true;
}

// A queue that is whole from its beginning, and begins with a later record: the topic was made anew in between. What
// the first unit says of the log must be true; a damaged one would excuse every record before it.
Status QueueCheck::find_beginning(Queue& queue) {
  queue.beginning_known = true;
  if (queue.files.pieces().empty()) return {};
  int64_t at = queue.files.first_unit();
  Result<std::optional<ConsumeQueueUnit>> unit = queue.files.unit(at);
  const bool from_the_start = at == 0;
  bool filled = false;
  for (; unit && unit->has_value() && (*unit)->pre_blank(); unit = queue.files.unit(++at)) filled = true;
  if (!unit) return std::move(unit).error();
  if (!unit->has_value() || !(*unit)->valid() || !(from_the_start || filled)) return {};
  if (is_record_of(queue.files.key(), at, **unit)) queue.beginning = (*unit)->physical_offset;
  return {};
}

bool QueueCheck::is_record_of(const QueueKey& key, int64_t queue_offset, const ConsumeQueueUnit& unit) const {
  constexpr int32_t kLargestRecord = 64 << 20;
  const SegmentFile* const segment = location_.segments.find(unit.physical_offset);
  if (segment == nullptr || unit.size > kLargestRecord) return false;
  Result<SegmentReader> reader = SegmentReader::open(fs_, *segment);
  if (!reader) return false;
  const Result<Bytes> bytes =
      reader->view(static_cast<uint64_t>(unit.physical_offset - segment->base), static_cast<size_t>(unit.size));
  MessageView view;
  return bytes && parse_record(*bytes, CrcCheck::kNone, view) == RecordStatus::kRecord && view.topic == key.topic &&
         view.queue_id == key.queue_id && view.queue_offset.value() == queue_offset &&
         view.physical_offset == unit.physical_offset;
}

// Records come in log order: until the one that the queue begins with, they are of an earlier life.
Result<bool> QueueCheck::of_earlier_life(Queue& queue, PhysicalOffset offset) {
  if (!queue.beginning_known) {
    if (Status status = find_beginning(queue); !status.ok()) return status;
  }
  if (!queue.beginning || offset >= *queue.beginning) return false;
  ++deleted_;
  return true;
}

}  // namespace mqctl
