// What log and queues say of each other when a store is recovered: a field of a record that was damaged at rest is
// often known from the other side. Before anybody writes; one thread.
#pragma once

#include <vector>

#include "libstore/index/consume_queue_store.h"
#include "libstore/log/log_walk.h"
#include "libstore/message/delay_level.h"

namespace mqctl {

// Keeps those units behind `from` that stand before the first one without its record in the log. A record's own queue
// offset is not asked: dispatch would take a wrong one for a gap, or for a message that is there already.
Status keep_units_with_records(ConsumeQueueStore& queues, const MappedFileQueue& log, PhysicalOffset from,
                               PhysicalOffset log_end, const DelayLevelTable& delay_levels);

// A walk that goes on over records whose only fault is their physical offset, where their queue names their place.
struct EvidentWalk {
  LogWalk log;
  std::vector<PhysicalOffset> misplaced;  // those records
};
EvidentWalk check_log_with_queues(const MappedFileQueue& log, PhysicalOffset from, unsigned threads,
                                  const ConsumeQueueStore& queues);

// Writes into the records where they stand.
void correct_places(const MappedFileQueue& log, const std::vector<PhysicalOffset>& misplaced);

}  // namespace mqctl
