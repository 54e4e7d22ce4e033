// The flags of `mqctl append`: as typed, and turned into AppendOptions.
#pragma once

#include <string>
#include <vector>

#include "cli/commands/append_options.h"
#include "libstore/base/result.h"

namespace CLI {
class App;
}

namespace mqctl {

// What the parser fills directly, and what needs more than the parser knows.
struct AppendFlags {
  AppendOptions options;
  std::string born, segment_size, max_body, store_host, born_host;
  std::vector<std::string> properties;  // NAME=VALUE
};

// Adds the flags to the subcommand; `flags` outlives it.
void add_append_flags(CLI::App& command, AppendFlags& flags);

// kInvalidArgument names the flag and what is wrong with its value.
Result<AppendOptions> append_options(const AppendFlags& flags, EpochMs now);

}  // namespace mqctl
