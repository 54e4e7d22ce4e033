// ConsumeQueue: the index of one (topic, queue id) into the commit log, as the owner of a store writes and reads it
// (Apache: ConsumeQueue; docs/store-format.md).
//
// Threads: one writer (dispatch, or recovery before it) puts, truncates and deletes; any number of readers look up
// units without a lock beside it. Owned by ConsumeQueueStore.
//
// Durability: units reach the disk with flush(); recovery rebuilds what was lost from the log.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "libstore/base/result.h"
#include "libstore/index/consume_queue_ext.h"
#include "libstore/index/consume_queue_unit.h"
#include "libstore/index/dispatch_request.h"
#include "libstore/log/mapped_file_queue.h"

namespace mqctl {

// Where a queue without a unit that can be read begins: with whatever record comes first, or with queue offset 0 alone.
enum class Beginning : uint8_t { kAnywhere, kAtZero };

class ConsumeQueue {
 public:
  // `directory`: `<root>/consumequeue/<topic>/<queue id>`. The segment size is rounded up to whole units.
  // `ext_directory`: `<root>/consumequeue_ext/<topic>/<queue id>`, read where it is there; empty for none.
  ConsumeQueue(FileSystem& fs, std::string topic, QueueId queue_id, const std::string& directory,
               uint64_t segment_bytes, std::string ext_directory = {});

  const std::string& topic() const { return topic_; }
  QueueId queue_id() const { return queue_id_; }

  // --- The writer ---
  Status load();
  // Finds the last valid unit, from the third-last segment on as Apache does, and from before it where even that holds
  // none (units that never reached the disk). Segments behind it are deleted, so that none of zeros stays at the end: a
  // broker would take its first unit for a message. Filler at the end does not count as a record, as it does with
  // Apache.
  Status recover();
  // Damage at rest: from which place of the log on units are to be put again, which recover() is about to cut off and
  // nobody would miss. `surely`: what lies behind it may have gone with the power; the maximum after a clean stop.
  std::optional<PhysicalOffset> damaged_from(PhysicalOffset surely);
  // The same, after a clean stop, of what truncate(log_end) is about to cut off.
  std::optional<PhysicalOffset> misfits_from(PhysicalOffset log_end);
  // Enters a record. One that is there already, or that lies before the end, is left alone and is a success: dispatch
  // may be repeated. kCorruption for one that leaves a gap: Apache appends it in the wrong place, where every later
  // message would carry a wrong number; here the caller must dispatch from further back, or give up. (Apache asks
  // neither for queue offset 0, and so numbers a topic wrongly that was deleted and made again.)
  Status put(const DispatchRequest& request, Beginning beginning = Beginning::kAnywhere);
  // An empty queue begins at this offset: filler units up to it, minimum and maximum there, also after recover().
  // kInvalidArgument where it has units.
  Status initialize_with_offset(QueueOffset offset);
  // Units whose record does not end before the log does go, and before them what a power cut made of such units. To
  // make sure of a queue after one, truncate it to what was surely flushed and dispatch from there.
  Status truncate(PhysicalOffset log_end);
  // Units of records behind `surely` stay only up to the first that is out of order or that `keep` does not want.
  using UnitCheck = std::function<bool(const ConsumeQueueUnit&)>;
  Status truncate(PhysicalOffset surely, PhysicalOffset log_end, const UnitCheck& keep);
  // The minimum moves to the first unit at or behind the log's beginning, never back.
  void correct_min_offset(PhysicalOffset log_min);
  // Whole segments whose units all point before the log's beginning, never the last.
  Result<int> delete_expired(PhysicalOffset log_min);
  Status flush() { return files_.flush(); }
  // After a crash: what a killed process made, and its names, are on disk when this returns.
  Status sync() { return files_.sync_from(0, doubtful_byte_); }
  Status destroy();

  // --- Readers ---
  QueueOffset min_offset() const;
  QueueOffset max_offset() const;                                  // behind the last unit
  std::optional<ConsumeQueueUnit> unit(QueueOffset offset) const;  // none outside [min, max)
  // The units from there to the end of their segment, in place; empty outside [min, max). A pull walks them this way.
  HeldBytes units_from(QueueOffset offset) const;
  // The true tags code where the unit has the address of an extension unit instead. None where that cannot be read:
  // such a message is delivered unfiltered.
  std::optional<int64_t> tags_code(const ConsumeQueueUnit& unit) const;
  // The last unit that is not filler.
  std::optional<ConsumeQueueUnit> last_unit() const;
  PhysicalOffset max_physical_offset() const;  // behind the last unit's record; 0 without any
  // Apache's getOffsetInQueueByTime: the first message stored at or after `time`; the maximum where all are earlier. 0
  // for an empty queue. `store_time` gives the store time of a unit's record, none where the record is gone.
  using StoreTime = std::function<std::optional<EpochMs>(const ConsumeQueueUnit&)>;
  QueueOffset offset_by_time(EpochMs time, const StoreTime& store_time) const;
  uint64_t segment_bytes() const { return files_.file_bytes(); }

 private:
  ConsumeQueueUnit unit_at(int64_t byte_offset) const;
  int64_t end_of_valid_units() const;
  bool units_behind(int64_t byte_offset, PhysicalOffset surely);
  PhysicalOffset record_end_before(int64_t byte_offset) const;
  int64_t end_of_fitting(PhysicalOffset log_end) const;
  bool last_fits(int64_t end, PhysicalOffset log_end) const;
  Status cut(int64_t end);
  Status refuse_gap(const DispatchRequest& request) const;
  Status refuse(const DispatchRequest& request, const std::string& why) const;
  std::string name() const { return topic_ + "/" + std::to_string(queue_id_.value()); }
  Status begin_at(int64_t byte_offset);
  Status fill_pre_blanks(int64_t start, int64_t end);
  Status append(const ConsumeQueueUnit& unit, int64_t expected_byte);
  bool empty() const { return files_.max_offset() == files_.min_offset(); }

  const std::string topic_;
  const QueueId queue_id_;
  MappedFileQueue files_;
  FileSystem& fs_;
  const std::string ext_directory_;
  std::unique_ptr<ConsumeQueueExt> ext_;         // null without extension units; constant after load()
  std::optional<int64_t> valid_end_;             // recovery's: what damaged_from() found out
  int64_t wanted_end_ = INT64_MAX;               // misfits_from() did: units from here on are put again
  int64_t doubtful_byte_ = INT64_MAX;            // recovery's: no checkpoint vouches for what it kept from here on
  std::atomic<int64_t> min_byte_{0};             // release: the units below are not to be read any more
  std::atomic<int64_t> max_physical_offset_{0};  // relaxed for the writer; readers see it after the unit
};

}  // namespace mqctl
