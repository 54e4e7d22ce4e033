// The one place where what happened becomes an exit status (docs/cli-reference.md, "Exit status").
#pragma once

#include <string>

#include "libstore/base/status.h"

namespace mqctl {

namespace exit_status {
inline constexpr int kYes = 0;       // done; the answer is yes
inline constexpr int kNo = 1;        // done; the answer is no
inline constexpr int kUsage = 2;     // wrong use
inline constexpr int kCouldNot = 3;  // unreadable, not a commit log, disk full
inline constexpr int kRefused = 4;   // for safety
inline constexpr int kTimedOut = 5;
inline constexpr int kSignal = 128;  // plus the signal's number
}  // namespace exit_status

int exit_status_of(const Status& status);
// Of a command that writes to the store there: what stands in a file's place, say a directory, is no wrong use.
int exit_status_of(const Status& status, const std::string& root);
// Damage that the store would cut off, were it told to.
bool would_cut_log(const Status& status);

}  // namespace mqctl
