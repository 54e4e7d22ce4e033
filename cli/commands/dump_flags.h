// The flags of `mqctl dump`: as typed, and turned into DumpOptions.
#pragma once

#include <string>

#include "cli/commands/dump_options.h"
#include "libstore/base/result.h"

namespace CLI {
class App;
}

namespace mqctl {

struct DumpFlags {
  DumpOptions options;
  std::string form = "text", body = "auto", max_body, time, positions, queue_offsets, timeout;
  bool local = false;
};

// Adds the flags to the subcommand; `flags` outlives it.
void add_dump_flags(CLI::App& app, DumpFlags& flags);

// kInvalidArgument names the flag and what is wrong with its value.
Result<DumpOptions> dump_options(const DumpFlags& flags, EpochMs now);

}  // namespace mqctl
