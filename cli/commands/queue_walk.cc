#include "cli/commands/queue_walk.h"

#include <algorithm>

namespace mqctl {

Result<QueueWalk> QueueWalk::open(FileSystem& fs, const std::string& consume_queue_directory, const std::string& topic,
                                  std::optional<int32_t> queue, const NumberRange& offsets, PhysicalOffset log_begin) {
  QueueWalk walk;
  std::vector<QueueKey> keys;
  if (queue) {
    keys.push_back({topic, QueueId(*queue)});
  } else {
    Result<QueueListing> listing = list_queues(fs, consume_queue_directory);
    if (!listing) return std::move(listing).error();
    for (QueueKey& key : listing->queues) {
      if (key.topic == topic) keys.push_back(std::move(key));
    }
  }
  if (keys.empty()) return Status::error(Errc::kNotFound, "the topic has no queues");
  for (const QueueKey& key : keys) {
    Result<ConsumeQueueReader> reader = ConsumeQueueReader::open(fs, consume_queue_directory, key);
    if (!reader) return std::move(reader).error();
    if (Status status = walk.add(std::move(*reader), offsets, log_begin); !status.ok()) return status;
  }
  return walk;
}

Status QueueWalk::add(ConsumeQueueReader reader, const NumberRange& offsets, PhysicalOffset log_begin) {
  Result<QueueOffset> max = reader.max_offset();
  if (!max) return std::move(max).error();
  Result<QueueOffset> min = reader.min_offset(log_begin);
  if (!min) return std::move(min).error();
  PhysicalOffset known_to = log_begin;
  if (*min < *max) {
    Result<ConsumeQueueUnit> newest = reader.unit(*max - 1);
    if (!newest) return std::move(newest).error();
    known_to = newest->physical_offset + newest->size;
  }
  if (offsets.end > max->value()) unknown_from_ = std::min(unknown_from_, known_to);
  Queue queue{
      std::move(reader), std::max(*min, QueueOffset(offsets.begin)), std::min(*max, QueueOffset(offsets.end)), {}};
  if (queue.at >= queue.end) return {};
  Result<ConsumeQueueUnit> last = queue.reader.unit(queue.end - 1);
  if (!last) return std::move(last).error();
  if (Status status = load(queue); !status.ok()) return status;
  first_ = std::min(first_, queue.unit.physical_offset);
  last_ = std::max(last_, last->physical_offset);
  queues_.push_back(std::move(queue));
  return {};
}

Status QueueWalk::load(Queue& queue) {
  if (queue.at >= queue.end) return {};
  Result<ConsumeQueueUnit> unit = queue.reader.unit(queue.at);
  if (!unit) return std::move(unit).error();
  queue.unit = *unit;
  return {};
}

Result<std::optional<PhysicalOffset>> QueueWalk::next() {
  Queue* best = nullptr;
  for (Queue& queue : queues_) {
    if (queue.at >= queue.end) continue;
    if (best == nullptr || queue.unit.physical_offset < best->unit.physical_offset) best = &queue;
  }
  if (best == nullptr) return std::optional<PhysicalOffset>();
  const PhysicalOffset place = best->unit.physical_offset;
  ++best->at;
  if (Status status = load(*best); !status.ok()) return status;
  return std::optional<PhysicalOffset>(place);
}

}  // namespace mqctl
