#include "libstore/store/recovery.h"

#include <algorithm>
#include <optional>
#include <thread>

#include "libstore/log/log_walk.h"
#include "libstore/store/recovery_evidence.h"

namespace mqctl {
namespace {

unsigned scan_threads() { return std::clamp(std::thread::hardware_concurrency(), 1u, 8u); }

PhysicalOffset first_of(const MappedFile& file) { return PhysicalOffset(file.first_offset()); }

// From the last file back to the first: the first record of the first file that `fits`; the log's beginning otherwise.
template <class Fits>
PhysicalOffset last_segment_where(const MappedFileQueue& files, const Fits& fits) {
  for (const MappedFile* file = files.last(); file != nullptr; file = files.find(file->first_offset() - 1)) {
    const std::optional<MessageView> record = sound_record(files, first_of(*file), CrcCheck::kBody);
    if (record && record->stored.value() != 0 && fits(*record)) return first_of(*file);
  }
  return PhysicalOffset(files.min_offset());
}

PhysicalOffset segment_start(const MappedFileQueue& files, PhysicalOffset offset) {
  const MappedFile* file = files.find(offset.value());
  return file == nullptr ? PhysicalOffset(files.min_offset()) : first_of(*file);
}

// What a power cut may have taken out of the queues lies behind this place.
PhysicalOffset vouched_by_checkpoint(const RecoveryInput& input) {
  if (!input.after_crash) return PhysicalOffset(INT64_MAX);
  const EpochMs vouched = input.checkpoint.min_timestamp();
  const PhysicalOffset last = input.checkpoint.logics_physical_offset;  // where it names one: clocks go back
  return last_segment_where(input.log.files(), [&](const MessageView& first) {
    return first.stored <= vouched && (last.value() <= 0 || first.physical_offset <= last);
  });
}

// Further back where the index lost entries.
PhysicalOffset start_for_index(const RecoveryInput& input, PhysicalOffset start) {
  if (input.index == nullptr) return start;
  const std::optional<PhysicalOffset> missing = input.index->missing_from();
  return missing ? std::min(start, segment_start(input.log.files(), *missing)) : start;
}

// The last record that a queue names, if it is sound, vouches for all before it: the store was closed in order.
PhysicalOffset start_after_clean_stop(const RecoveryInput& input) {
  const MappedFileQueue& files = input.log.files();
  const std::optional<ConsumeQueueUnit> last = input.queues.last_unit();
  if (!last) return PhysicalOffset(files.min_offset());
  const std::optional<MessageView> record = sound_record(files, last->physical_offset, CrcCheck::kBody);
  if (record && record->record.size() == static_cast<size_t>(last->size)) return last->physical_offset;
  return last_segment_where(files,
                            [&](const MessageView& first) { return first.physical_offset <= last->physical_offset; });
}

Status refuse_damage(const MappedFileQueue& files, const LogWalk& walk) {
  const std::optional<PhysicalOffset> behind = find_sound_record(files, walk.end);
  if (!behind) return {};
  const uint64_t lost = count_sound_records(files, *behind);
  const std::string reason = walk.stopped_by.empty() ? "bytes never written" : walk.stopped_by;
  const MappedFile* file = files.find(walk.end.value());
  Status status =
      Status::error(Errc::kCorruption, "commit-log offset " + std::to_string(walk.end.value()) + ": " + reason + "; " +
                                           std::to_string(lost) + " sound messages follow it, from offset " +
                                           std::to_string(behind->value()) + " on, that would be cut off");
  if (file == nullptr) return status;
  return std::move(status).at(file->path(), static_cast<uint64_t>(walk.end - first_of(*file)));
}

Status dispatch_again(const RecoveryInput& input, PhysicalOffset from, PhysicalOffset end, RecoveryReport& report) {
  // A checkpoint vouches for what comes before this: a queue that begins with a later message has lost its units.
  // (After a clean stop it is a topic's that was deleted, mostly, of which not all is to come back.)
  const bool vouched = input.after_crash && from > PhysicalOffset(input.log.files().min_offset());
  const Beginning beginning = vouched ? Beginning::kAtZero : Beginning::kAnywhere;
  report.records_dispatched = 0;
  const RecordVisitor visit = [&](const MessageView& message) -> Status {
    if (message.physical_offset >= end) return {};
    const DispatchRequest request = make_dispatch_request(message, input.delay_levels);
    if (Status status = input.queues.put(request, beginning); !status.ok()) return status;
    ++report.records_dispatched;
    return input.index == nullptr ? Status() : input.index->put(request);
  };
  // Before the part that was checked there may be damage at rest; nobody looks for it at a start, and it ends nothing.
  for (std::optional<PhysicalOffset> next = from; next && *next < end;) {
    Result<LogWalk> walk = walk_log(input.log.files(), *next, CrcCheck::kNone, visit);
    if (!walk) return std::move(walk).error();
    next = walk->end < end ? find_sound_record(input.log.files(), walk->end) : std::nullopt;
  }
  return {};
}

// A queue that is behind what was taken for known (units lost where none should be) is completed from the log's
// beginning; where that does not do, all are made again from there. (Not at once: a topic that was deleted and made
// again would lose its new messages.)
Status dispatch_or_rebuild(const RecoveryInput& input, PhysicalOffset end, RecoveryReport& report) {
  const auto lacks_units = [](const Status& of) { return !of.ok() && of.code() == Errc::kCorruption; };
  const PhysicalOffset begin(input.log.files().min_offset());
  Status status = dispatch_again(input, report.scanned_from, end, report);
  if (!lacks_units(status) || report.scanned_from == begin) return status;
  report.notes.push_back("queues are completed from the log's beginning: " + status.to_string());
  if (Status known = input.distrust_checkpoint(); !known.ok()) return known;
  if (status = dispatch_again(input, begin, end, report); !lacks_units(status)) return status;
  report.notes.push_back("queues made again from the log's beginning: " + status.to_string());
  if (Status cut = input.queues.truncate(begin); !cut.ok()) return cut;
  return dispatch_again(input, begin, end, report);
}

// A start that is refused, or dies, after its queues were cut leaves a store that was not closed.
Status lose_units(const RecoveryInput& input) {
  input.changes_begin();
  return input.distrust_checkpoint();
}

// Units that were on disk and are cut off now: the earlier of what was known `before`, and, after a clean stop, of what
// does not fit this end of the log.
std::optional<PhysicalOffset> wanted_again(const RecoveryInput& input, std::optional<PhysicalOffset> before,
                                           PhysicalOffset log_end) {
  if (input.after_crash) return before;
  const std::optional<PhysicalOffset> now = input.queues.misfits_from(log_end);
  return before && now ? std::min(before, now) : before ? before : now;
}

Status put_again_from(const RecoveryInput& input, PhysicalOffset wanted, RecoveryReport& report) {
  report.scanned_from = std::min(report.scanned_from, segment_start(input.log.files(), wanted));
  report.notes.push_back("a queue had damaged units; queues are completed from commit-log offset " +
                         std::to_string(report.scanned_from.value()) + " on");
  return lose_units(input);
}

void correct_misplaced(const MappedFileQueue& files, const std::vector<PhysicalOffset>& misplaced,
                       RecoveryReport& report) {
  correct_places(files, misplaced);
  for (const PhysicalOffset offset : misplaced) {
    report.notes.push_back("the record at commit-log offset " + std::to_string(offset.value()) +
                           " named another place; its queue names this one, so it does now");
  }
}

Status trust_queues(const RecoveryInput& input, PhysicalOffset surely, PhysicalOffset end) {
  if (surely == end) return input.queues.truncate(end);
  return keep_units_with_records(input.queues, input.log.files(), surely, end, input.delay_levels);
}

Status cut_log(const RecoveryInput& input, const LogWalk& walk, RecoveryReport& report) {
  MappedFileQueue& files = input.log.files();
  report.spare_segments = files.set_spares_aside(walk.end.value());
  // A blank holds nothing, whatever the bytes behind it: it is written again where it is needed.
  report.bytes_cut = walk.at_blank ? 0 : files.data_bytes_behind(walk.end.value());
  if (report.bytes_cut > 0) report.cut_reason = walk.stopped_by.empty() ? "bytes left over" : walk.stopped_by;
  return input.log.truncate(walk.end);
}

// A sync of the last life may have failed for all behind the last record that its checkpoint names.
Status sync_log(const RecoveryInput& input, const RecoveryReport& report) {
  const PhysicalOffset known = input.checkpoint.logics_physical_offset;
  const PhysicalOffset doubtful = known < report.log_end ? std::max(known, report.scanned_from) : report.scanned_from;
  return input.log.files().sync_from(report.scanned_from.value(), doubtful.value());
}

Status refuse_queues_without_log(const RecoveryInput& input) {
  if (input.on_damage == OnDamage::kTruncate) return input.queues.destroy_all();
  if (!input.queues.last_unit()) return {};
  return Status::error(Errc::kCorruption,
                       "the store has consume queues and no commit-log segment; a broker would delete the queues");
}

// It says nothing of what comes in the place of what is cut off, or gone.
Status distrust_if_ahead(const RecoveryInput& input, PhysicalOffset log_end) {
  const PhysicalOffset known = input.checkpoint.logics_physical_offset;
  return known > PhysicalOffset(0) && known >= log_end ? input.distrust_checkpoint() : Status();
}

Status begin_without_log(const RecoveryInput& input) {
  if (Status status = refuse_queues_without_log(input); !status.ok()) return status;
  if (Status status = distrust_if_ahead(input, PhysicalOffset(0)); !status.ok()) return status;
  // What it holds of a log that is gone would keep the entries of the next one out.
  return input.index == nullptr ? Status() : input.index->truncate(PhysicalOffset(0));
}

// Changes log, queues and index; what was checked says how.
Status bring_into_agreement(const RecoveryInput& input, const EvidentWalk& evident,
                            std::optional<PhysicalOffset> damaged, PhysicalOffset vouched, RecoveryReport& report) {
  const PhysicalOffset end = evident.log.end;
  input.changes_begin();
  if (Status status = input.queues.last_unit() ? Status() : input.distrust_checkpoint(); !status.ok()) return status;
  if (Status status = distrust_if_ahead(input, end); !status.ok()) return status;
  correct_misplaced(input.log.files(), evident.misplaced, report);
  const std::optional<PhysicalOffset> wanted = wanted_again(input, damaged, end);
  if (Status status = wanted ? put_again_from(input, *wanted, report) : Status(); !status.ok()) return status;
  if (Status status = trust_queues(input, std::min(end, vouched), end); !status.ok()) return status;
  if (Status status = input.index == nullptr ? Status() : input.index->truncate(end); !status.ok()) return status;
  input.queues.correct_min_offsets(input.log.min_offset());
  if (Status status = dispatch_or_rebuild(input, end, report); !status.ok()) return status;
  if (Status status = cut_log(input, evident.log, report); !status.ok()) return status;
  if (input.after_crash) {
    if (Status status = sync_log(input, report); !status.ok()) return status;
    if (Status status = input.queues.sync(); !status.ok()) return status;
  }
  input.queues.correct_min_offsets(input.log.min_offset());
  return {};
}

}  // namespace

Result<RecoveryReport> recover_store(const RecoveryInput& input) {
  RecoveryReport report;
  report.after_crash = input.after_crash;
  report.strays = input.log.files().strays();
  MappedFileQueue& files = input.log.files();
  PhysicalOffset vouched = vouched_by_checkpoint(input);
  const std::optional<PhysicalOffset> damaged = input.queues.damaged_from(vouched);
  if (Status status = damaged ? lose_units(input) : Status(); !status.ok()) return status;
  if (Status status = input.queues.recover(); !status.ok()) return status;
  if (files.first() == nullptr) {
    if (Status status = begin_without_log(input); !status.ok()) return status;
    return report;
  }

  // Of queues that are all gone a checkpoint says nothing.
  if (input.after_crash && !input.queues.last_unit()) vouched = PhysicalOffset(files.min_offset());
  const PhysicalOffset unchecked_end = input.after_crash ? vouched : start_after_clean_stop(input);
  report.scanned_from = start_for_index(input, unchecked_end);
  const EvidentWalk evident = check_log_with_queues(files, unchecked_end, scan_threads(), input.queues);
  if (!input.after_crash && report.scanned_from < unchecked_end) {
    report.notes.push_back("the key index is made again from commit-log offset " +
                           std::to_string(report.scanned_from.value()) + " on: a file of it contradicted itself");
  }
  const LogWalk& walk = evident.log;
  report.records_scanned = walk.records;
  report.log_end = walk.end;
  if (input.on_damage == OnDamage::kRefuse) {
    if (Status status = refuse_damage(files, walk); !status.ok()) return status;
  }

  if (Status status = bring_into_agreement(input, evident, damaged, vouched, report); !status.ok()) return status;
  return report;
}

}  // namespace mqctl
