// `mqctl verify` without its flags: checks a LOCATION and tells what it found.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "cli/commands/verify_print.h"
#include "libstore/base/status.h"
#include "libstore/store/verifier.h"

namespace mqctl {

enum class VerifyForm : uint8_t { kText, kJson };

struct VerifyCommand {
  std::string location;
  VerifyOptions options;  // cancel and on_progress are set by the run
  VerifyForm form = VerifyForm::kText;
  VerifyLook look;
  bool quiet = false;  // the exit status is the answer
  bool verbose = false;
};

// `print` is the answer, on standard output; false from it: nobody reads it. `note` is for people.
struct VerifyTalk {
  std::function<bool(std::string_view text)> print;
  std::function<void(std::string_view line)> note;
  std::function<void(uint64_t done, uint64_t total)> progress;
};

struct VerifyOutcome {
  Status status;
  bool sound = false;
  bool complete = false;  // false: cancelled, or stopped at the first finding
};

VerifyOutcome run_verify(const VerifyCommand& command, const std::atomic<bool>& cancel, const VerifyTalk& talk);

}  // namespace mqctl
