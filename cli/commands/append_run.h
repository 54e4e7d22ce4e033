// `mqctl append` without its flags: opens the store, feeds it, closes it, and says what happened.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "cli/commands/append_options.h"
#include "libstore/base/clock.h"
#include "libstore/base/status.h"

namespace mqctl {

// How append talks. `note` is for people, on standard error; `print` is the answer, on standard output.
struct AppendTalk {
  std::function<void(std::string_view line)> note;
  std::function<void(std::string_view line)> warn;  // also when quiet
  std::function<void(std::string_view text)> print;
  std::function<void(uint64_t bytes_read)> progress;
};

struct AppendOutcome {
  Status status;
  int stopped_by = 0;     // the signal that ended it early; what was put is stored
  bool refused = false;   // for safety; `status` says why
  std::string root = {};  // of the store, once it is known
};

AppendOutcome run_append(const AppendOptions& options, const Clock& clock, const AppendTalk& talk);

}  // namespace mqctl
