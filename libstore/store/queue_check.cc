#include "libstore/store/queue_check.h"

#include <algorithm>
#include <charconv>
#include <tuple>

#include "libstore/message/delay_level.h"
#include "libstore/message/system_flag.h"
#include "libstore/message/tags_code.h"

namespace mqctl {
namespace {

constexpr int64_t kMaxUnits = INT64_MAX / ConsumeQueueUnit::kEncodedBytes;
constexpr int64_t kGreatestExtensionAddress = -2147483649LL;

bool lies_in(const std::vector<DamagedRange>& damaged, PhysicalOffset offset) {
  const auto behind = std::upper_bound(damaged.begin(), damaged.end(), offset,
                                       [](PhysicalOffset at, const DamagedRange& range) { return at < range.begin; });
  return behind != damaged.begin() && offset < std::prev(behind)->end;
}

bool written(const ConsumeQueueUnit& unit) { return unit.valid() && !unit.pre_blank(); }

// The delay table is not in the store, so any time that is not before the record's will do.
bool tags_agree(const ConsumeQueueUnit& unit, const MessageView& message, const DispatchProperties& properties) {
  if (unit.tags_code <= kGreatestExtensionAddress) return true;
  if (message.topic == kScheduleTopic && !properties.delay.empty() && unit.tags_code >= message.stored.value()) {
    return true;
  }
  return unit.tags_code == tags_code_of(properties.tags);
}

std::string disagreement(const ConsumeQueueUnit& unit, const MessageView& message) {
  const auto size = static_cast<int32_t>(message.record.size());
  if (unit.physical_offset != message.physical_offset) {
    return "the unit points at commit-log offset " + std::to_string(unit.physical_offset.value()) +
           ", the record stands at " + std::to_string(message.physical_offset.value());
  }
  if (unit.size != size) {
    return "the unit says " + std::to_string(unit.size) + " bytes, the record has " + std::to_string(size);
  }
  return "the unit's tags code " + std::to_string(unit.tags_code) + " is not that of the record's tags";
}

std::string offsets(int64_t first, int64_t count) {
  if (count == 1) return "queue offset " + std::to_string(first);
  return "queue offsets " + std::to_string(first) + " to " + std::to_string(first + count - 1);
}

std::string_view next_item(std::string_view& list) {
  const size_t comma = list.find(',');
  const std::string_view item = list.substr(0, comma);
  list.remove_prefix(comma == list.npos ? list.size() : comma + 1);
  return item;
}

std::string impact_of(FindingClass kind, const QueueKey& key, int64_t first, int64_t count) {
  const std::string consumers = "consumers of " + key.topic + " queue " + std::to_string(key.queue_id.value());
  const std::string which = offsets(first, count);
  if (kind == FindingClass::kCqMissing) return consumers + " cannot get " + which;
  if (kind == FindingClass::kCqDangling) return consumers + " find no message at " + which;
  return consumers + " get another message, or none, at " + which;
}

}  // namespace

QueueCheck::QueueCheck(FileSystem& fs, const StoreLocation& location, QueueCheckOptions options)
    : fs_(fs), location_(location), options_(options), found_(options.max_findings) {}

QueueCheck::Queue& QueueCheck::queue_of(std::string_view topic, QueueId queue_id) {
  queue_path(name_, topic, queue_id);
  const auto found = by_name_.find(name_);
  if (found != by_name_.end()) return *found->second;
  const std::string directory = join_path(location_.consume_queue_directory(), name_);
  queues_.push_back(std::make_unique<Queue>(QueueFiles(fs_, directory, {std::string(topic), queue_id}, {})));
  by_name_.emplace(name_, queues_.back().get());
  return *queues_.back();
}

Status QueueCheck::on_record(const MessageView& message, const DispatchProperties& properties,
                             const std::vector<DamagedRange>& damaged) {
  if (!enters_consume_queue(message.sys_flag) || (message.sys_flag & sys_flag::kInnerBatch) != 0) return {};
  if (!batch_topics_.empty() && batch_topics_.contains(std::string(message.topic))) return {};
  if (any_multi_dispatch_) {
    if (Status status = match_multi_dispatch(message, properties, damaged); !status.ok()) return status;
  }
  Queue& queue = queue_of(message.topic, message.queue_id);
  if (of_deleted_topic(queue, message.topic)) return {};
  const Result<bool> earlier = of_earlier_life(queue, message.physical_offset);
  if (!earlier) return earlier.error();
  if (*earlier) return {};
  return match(queue, {message.queue_offset.value(), message, properties}, damaged);
}

Status QueueCheck::match_multi_dispatch(const MessageView& message, const DispatchProperties& properties,
                                        const std::vector<DamagedRange>& damaged) {
  std::string_view names = find_property(message.properties, property::kInnerMultiDispatch).value_or("");
  std::string_view units = find_property(message.properties, property::kInnerMultiQueueOffset).value_or("");
  while (!names.empty() && !units.empty()) {
    const std::string_view name = next_item(names), number = next_item(units);
    int64_t unit = 0;
    const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), unit);
    if (error != std::errc() || end != number.data() + number.size()) continue;
    queue_path(name_, name, QueueId(0));
    const auto found = by_name_.find(name_);
    if (found == by_name_.end()) continue;  // appended with enableLmq, queues not built
    if (Status status = match(*found->second, {unit, message, properties}, damaged); !status.ok()) return status;
  }
  return {};
}

Status QueueCheck::match(Queue& queue, const Expected& expected, const std::vector<DamagedRange>& damaged) {
  const int64_t at = expected.unit;
  const PhysicalOffset offset = expected.message.physical_offset;
  const bool possible = at >= 0 && at < kMaxUnits;
  if (!possible || (queue.next >= 0 && at < queue.next)) {
    const char* why = possible ? "another record before this one has the same queue offset" : "no queue goes so far";
    note_unit(queue, {FindingClass::kCqMismatch, at, 1, offset, why});
    return {};
  }
  const int64_t from = queue.next < 0 ? queue.files.first_unit() : queue.next;
  if (from < at) {
    queue.next = from;
    Status status = pass_over(queue, at, damaged, PhysicalOffset(INT64_MAX));
    if (!status.ok()) return status;
  }
  queue.next = at + 1;
  Result<std::optional<ConsumeQueueUnit>> unit = queue.files.unit(at);
  if (unit && options_.tail_may_lag && unit->has_value() && !written(**unit)) {
    queue.files.refresh();
    unit = queue.files.unit(at);
  }
  if (!unit) return std::move(unit).error();
  if (unit->has_value() && (*unit)->physical_offset == offset &&
      tags_agree(**unit, expected.message, expected.properties) &&
      (*unit)->size == static_cast<int32_t>(expected.message.record.size())) {
    if (queue.run.count > 0) close_run(queue);
    return {};
  }
  const bool there = unit->has_value() && written(**unit);
  const std::string detail = there ? disagreement(**unit, expected.message) : "the record's unit is not there";
  if (!there && queue.files.in_short_file(at, segment_bytes_)) return {};  // the missing bytes are a finding already
  note_unit(queue, {there ? FindingClass::kCqMismatch : FindingClass::kCqMissing, at, 1, offset, detail});
  return {};
}

// Units that no record claimed, up to the one given.
Status QueueCheck::pass_over(Queue& queue, int64_t until, const std::vector<DamagedRange>& damaged,
                             PhysicalOffset log_end) {
  until = std::min(until, queue.files.end_unit());
  const PhysicalOffset log_min = location_.segments.min_offset();
  int64_t at = queue.next;
  while (at < until) {
    Result<std::optional<ConsumeQueueUnit>> unit = queue.files.unit(at);
    if (!unit) return std::move(unit).error();
    if (!unit->has_value() || **unit == ConsumeQueueUnit{}) {
      if (queue.files.in_window(++at)) continue;
      Result<int64_t> next = queue.files.next_unit(at);
      if (!next) return std::move(next).error();
      at = *next;
      continue;
    }
    const PhysicalOffset offset = (*unit)->physical_offset;
    const bool lagging_log = options_.tail_may_lag && offset >= log_end;
    const bool fine = !written(**unit) || offset < log_min || lies_in(damaged, offset) || lagging_log;
    if (!fine && !queue.multi_dispatch) {
      note_unit(queue, {FindingClass::kCqDangling, at, 1, offset,
                        "no record of this queue at commit-log offset " + std::to_string(offset.value())});
    }
    ++at;
  }
  return {};
}

void QueueCheck::note_unit(Queue& queue, Run unit) {
  Run& run = queue.run;
  const bool follows = run.first >= 0 && unit.first >= run.first && unit.first - run.first == run.count;
  if (run.count > 0 && run.kind == unit.kind && follows) {
    ++run.count;
    return;
  }
  if (run.count > 0) close_run(queue);
  run = std::move(unit);
}

Finding QueueCheck::finding_of(const Queue& queue, const Run& run) const {
  Finding finding;
  finding.kind = run.kind;
  finding.file = shown_path(location_, queue.files.path_of(run.first));
  finding.position = queue.files.position_of(run.first);
  finding.length = static_cast<uint64_t>(run.count) * ConsumeQueueUnit::kEncodedBytes;
  finding.offset = run.offset;
  finding.queue = queue.files.key();
  finding.queue_offset = QueueOffset(run.first);
  finding.count = static_cast<uint64_t>(run.count);
  finding.detail = run.detail;
  if (run.count > 1) finding.detail += ", and " + counted(finding.count - 1, "unit") + " alike behind it";
  finding.impact = impact_of(run.kind, queue.files.key(), run.first, run.count);
  return finding;
}

// The log was ahead of the queue when these units were looked for; by now a writer may have entered them.
bool QueueCheck::caught_up(Queue& queue) const {
  const Run& run = queue.run;
  if (!options_.tail_may_lag || run.kind != FindingClass::kCqMissing) return false;
  queue.files.refresh();
  for (int64_t at = run.first; at < run.first + run.count; ++at) {
    const Result<std::optional<ConsumeQueueUnit>> unit = queue.files.unit(at);
    if (!unit || !unit->has_value() || !written(**unit)) return false;
    if (at == run.first && (*unit)->physical_offset != run.offset) return false;
  }
  return true;
}

void QueueCheck::close_run(Queue& queue) {
  if (!caught_up(queue)) found_.add(finding_of(queue, queue.run));
  queue.run = {};
}

Status QueueCheck::finish(const LogVerdict& log, PhysicalOffset dispatched_from, FindingList& findings) {
  uint64_t lagging = 0;
  for (const auto& queue : queues_) {
    const bool missing = queue->run.count > 0 && queue->run.kind == FindingClass::kCqMissing;
    if (missing && options_.tail_may_lag && queue->run.offset >= dispatched_from) {
      lagging += static_cast<uint64_t>(queue->run.count);
      queue->run = {};
    }
    if (queue->next < 0) queue->next = queue->files.first_unit();
    if (Status status = pass_over(*queue, INT64_MAX, log.damaged, log.log_end); !status.ok()) return status;
    if (queue->run.count > 0) close_run(*queue);
  }
  if (lagging > 0)
    notes_.push_back("queues are " + counted(lagging, "unit") +
                     " behind the log; a broker adds these at its next start");
  if (deleted_ > 0)
    notes_.push_back(counted(deleted_, "message") +
                     " of queues that began again (the topic was deleted, or the queue's files were lost)");
  auto& kept = found_.kept();
  std::stable_sort(kept.begin(), kept.end(), [](const Finding& a, const Finding& b) {
    return std::tie(a.queue, a.queue_offset, a.file) < std::tie(b.queue, b.queue_offset, b.file);
  });
  findings.add_omitted(found_.total() - kept.size());
  for (Finding& finding : kept) findings.add(std::move(finding));
  return {};
}

}  // namespace mqctl
