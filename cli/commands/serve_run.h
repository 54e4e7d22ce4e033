// `mqctl serve` without its flags: starts the broker, says that it is ready, waits, stops.
#pragma once

#include "cli/commands/serve_options.h"
#include "cli/output/console.h"

namespace mqctl {

// The exit status.
int run_serve(const ServeOptions& options, Console& console, const EventLog& log);

}  // namespace mqctl
