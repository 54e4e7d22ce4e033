#include "cli/output/exit_status.h"

#include "libstore/os/file_system.h"

namespace mqctl {

int exit_status_of(const Status& status) {
  if (status.ok()) return exit_status::kYes;
  switch (status.code()) {
    case Errc::kInvalidArgument:
      return exit_status::kUsage;
    case Errc::kBusy:
    case Errc::kExists:
      return exit_status::kRefused;
    case Errc::kTimedOut:
      return exit_status::kTimedOut;
    case Errc::kNotFound:
    case Errc::kCorruption:
    case Errc::kTruncated:
    case Errc::kUnsupported:
    case Errc::kIoError:
    case Errc::kNoSpace:
    case Errc::kPermission:
      break;
  }
  return exit_status::kCouldNot;
}

int exit_status_of(const Status& status, const std::string& root) {
  // At the commit log itself it is a size of segments that was asked for, and is not theirs.
  const bool at_file = !status.ok() && status.code() == Errc::kInvalidArgument && !root.empty() &&
                       status.path().starts_with(join_path(root, "")) && status.path() != join_path(root, "commitlog");
  return at_file ? exit_status::kCouldNot : exit_status_of(status);
}

bool would_cut_log(const Status& status) {
  return status.code() == Errc::kCorruption && status.message().find("would ") != std::string::npos;
}

}  // namespace mqctl
