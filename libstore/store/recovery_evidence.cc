#include "libstore/store/recovery_evidence.h"

#include <optional>

#include "libstore/index/consume_queue_ext.h"
#include "libstore/message/record_layout.h"
#include "libstore/message/system_flag.h"

namespace mqctl {
namespace {

// Whatever place it names.
std::optional<MessageView> record_at(const MappedFileQueue& log, PhysicalOffset offset, CrcCheck check) {
  const MappedFile* file = log.find(offset.value());
  if (file == nullptr) return std::nullopt;
  const Bytes bytes = file->whole().subspan(static_cast<size_t>(offset.value() - file->first_offset()));
  MessageView view;
  return parse_record(bytes, check, view) == RecordStatus::kRecord ? std::optional(view) : std::nullopt;
}

bool is_of(const ConsumeQueueUnit& unit, const MessageView& record) {
  return static_cast<size_t>(unit.size) == record.record.size();
}

bool backed(const ConsumeQueue& queue, const ConsumeQueueUnit& unit, const MappedFileQueue& log,
            const DelayLevelTable& delay_levels) {
  const std::optional<MessageView> record = record_at(log, unit.physical_offset, CrcCheck::kNone);
  if (!record || !is_of(unit, *record)) return false;
  const DispatchRequest request = make_dispatch_request(*record, delay_levels);
  if (request.topic != queue.topic() || request.queue_id != queue.queue_id()) return false;
  return enters_consume_queue(request.sys_flag) &&
         (unit.tags_code == request.tags_code || is_extension_address(unit.tags_code));
}

// Sound but for its place, which its queue knows.
std::optional<MessageView> misplaced_record(const MappedFileQueue& log, PhysicalOffset offset,
                                            const ConsumeQueueStore& queues) {
  std::optional<MessageView> record = record_at(log, offset, CrcCheck::kBody);
  if (!record || record->physical_offset == offset) return std::nullopt;
  const ConsumeQueue* queue = queues.find(record->topic, record->queue_id);
  const std::optional<ConsumeQueueUnit> unit = queue == nullptr ? std::nullopt : queue->unit(record->queue_offset);
  const bool named = unit && unit->physical_offset == offset && is_of(*unit, *record);
  return named ? record : std::nullopt;
}

}  // namespace

Status keep_units_with_records(ConsumeQueueStore& queues, const MappedFileQueue& log, PhysicalOffset from,
                               PhysicalOffset log_end, const DelayLevelTable& delay_levels) {
  for (ConsumeQueue* queue : queues.all()) {
    const auto fits = [&](const ConsumeQueueUnit& unit) { return backed(*queue, unit, log, delay_levels); };
    if (Status status = queue->truncate(from, log_end, fits); !status.ok()) return status;
  }
  return {};
}

EvidentWalk check_log_with_queues(const MappedFileQueue& log, PhysicalOffset from, unsigned threads,
                                  const ConsumeQueueStore& queues) {
  EvidentWalk walk{check_log(log, from, threads), {}};
  while (const std::optional<MessageView> record = misplaced_record(log, walk.log.end, queues)) {
    const uint64_t before = walk.log.records + 1;
    walk.misplaced.push_back(walk.log.end);
    walk.log = check_log(log, walk.log.end + static_cast<int64_t>(record->record.size()), threads);
    walk.log.records += before;
  }
  return walk;
}

void correct_places(const MappedFileQueue& log, const std::vector<PhysicalOffset>& misplaced) {
  for (const PhysicalOffset offset : misplaced) {
    MappedFile* file = log.find(offset.value());
    const auto position = static_cast<uint64_t>(offset.value() - file->first_offset());
    store_be(file->at(position + RecordLayout::kPhysicalOffsetAt), offset.value());
  }
}

}  // namespace mqctl
