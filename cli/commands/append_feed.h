// Feeds the messages that append was given, by flag or on standard input, to a sink.
#pragma once

#include <cstdint>
#include <functional>

#include "cli/commands/append_options.h"
#include "cli/commands/append_sink.h"
#include "cli/commands/stop_signals.h"
#include "libstore/base/clock.h"
#include "libstore/base/status.h"
#include "libstore/message/message_id.h"

namespace mqctl {

struct FeedInput {
  const AppendOptions& options;
  HostAddress store_host;
  const Clock& clock;
  const StopSignals& signals;
  std::function<void(uint64_t bytes_read)> progress;  // before each wait for input
};

struct FeedOutcome {
  // The first fault, with the line where it was; what was before it has been put.
  Status status;
  uint64_t findings_skipped = 0;  // lines of JSON input that tell of damage
  uint64_t bytes_read = 0;
};

// Everything up to the end of the input, a fault, or a signal; settled in each case.
FeedOutcome feed_messages(const FeedInput& input, MessageSink& sink);

}  // namespace mqctl
