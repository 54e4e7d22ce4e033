// `mqctl serve` without its flags: starts the broker, says that it is ready, waits, stops.
#pragma once

#include "cli/commands/serve_options.h"
#include "cli/output/console.h"

namespace mqctl {

// Says what went wrong where the log's form is JSON as a line of the log, so that everything on standard error is one.
void complain(const Status& status, Console& console, const EventLog& log);
// The exit status.
int run_serve(const ServeOptions& options, Console& console, const EventLog& log);

}  // namespace mqctl
