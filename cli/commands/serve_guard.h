// The process between us and the command of `serve ... -- CMD`: whatever forks away from the command becomes the
// guard's child, so that all of it can be ended, also when we are killed and can do nothing any more.
#pragma once

#include <sys/resource.h>

#include <string>
#include <vector>

namespace mqctl {

struct GuardPipes {
  int signals;  // read end: a byte is the number of a signal for the command; its end means that we are gone
  int outcome;  // write end: gets the command's status, an int, when all of it has ended
};

// Runs the command and returns when it and all that it left have ended. For a process of its own, just forked.
[[noreturn]] void run_serve_guard(const std::vector<std::string>& command, const rlimit& descriptors, GuardPipes pipes);

}  // namespace mqctl
