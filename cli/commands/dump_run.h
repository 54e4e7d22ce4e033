// `mqctl dump` without its flags: reads, filters, shows.
#pragma once

#include "cli/commands/dump_options.h"
#include "cli/commands/stop_signals.h"
#include "cli/output/console.h"

namespace mqctl {

struct DumpOutcome {
  Status status;
  uint64_t shown = 0;
  bool unreadable = false;  // with keep_going: there was something that could not be read
  bool timed_out = false;
};

DumpOutcome run_dump(const DumpOptions& options, Console& console, const StopSignals& signals);

}  // namespace mqctl
