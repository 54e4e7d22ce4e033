#include "cli/output/exit_status.h"

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

}  // namespace mqctl
