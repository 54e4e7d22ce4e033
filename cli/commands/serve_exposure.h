// Who can reach a server, said aloud where it is more than this machine: there is no access control (docs/security.md).
#pragma once

#include "cli/commands/serve_options.h"
#include "cli/output/event_log.h"

namespace mqctl {

void warn_of_strangers(const ServeOptions& options, const EventLog& log);

}  // namespace mqctl
