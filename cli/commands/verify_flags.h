// The flags of `mqctl verify` that no other command has.
#pragma once

#include "cli/commands/verify_run.h"

namespace CLI {
class App;
}

namespace mqctl {

// Findings shown unless --max-findings says otherwise; each takes memory until all are counted.
inline constexpr uint64_t kDefaultMaxFindings = 10000;

// Adds them to the subcommand; `command` outlives it.
void add_verify_flags(CLI::App& app, VerifyCommand& command);

}  // namespace mqctl
