// Where dump has to look: as little of the log as queues, key index and the segments' first records allow.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "cli/commands/dump_options.h"
#include "cli/commands/record_source.h"
#include "libstore/store/store_location.h"

namespace mqctl {

struct PlanHooks {
  std::function<void(const Status&)> on_unreadable;  // null: such a file ends the dump
  std::function<bool()> wait;                        // for --follow
  std::function<void(std::string_view line)> explain;
};

// `location` outlives the source.
Result<std::unique_ptr<RecordSource>> plan_source(FileSystem& fs, const StoreLocation& location,
                                                  const DumpOptions& options, const PlanHooks& hooks);

// The part of the log with records that were stored in the range, by the store times of the segments' first records.
Result<LogRange> narrow_by_time(FileSystem& fs, const SegmentList& list, const NumberRange& time, LogRange range);

}  // namespace mqctl
