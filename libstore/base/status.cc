#include "libstore/base/status.h"

#include <cerrno>
#include <system_error>
#include <utility>

namespace mqctl {
namespace {

Errc code_of(int sys_errno) {
  switch (sys_errno) {
    case ENOENT:
    case ENOTDIR:
      return Errc::kNotFound;
    case ENOSPC:
    case EDQUOT:
    case EFBIG:  // a limit of the process or of the file system
      return Errc::kNoSpace;
    case EACCES:
    case EPERM:
    case EROFS:
      return Errc::kPermission;
    case EEXIST:
      return Errc::kExists;
    default:
      return Errc::kIoError;
  }
}

}  // namespace

std::string_view errc_name(Errc code) {
  switch (code) {
    case Errc::kNotFound:
      return "not-found";
    case Errc::kCorruption:
      return "corruption";
    case Errc::kTruncated:
      return "truncated";
    case Errc::kUnsupported:
      return "unsupported";
    case Errc::kInvalidArgument:
      return "invalid-argument";
    case Errc::kIoError:
      return "io-error";
    case Errc::kNoSpace:
      return "no-space";
    case Errc::kPermission:
      return "permission";
    case Errc::kExists:
      return "exists";
    case Errc::kBusy:
      return "busy";
    case Errc::kTimedOut:
      return "timed-out";
  }
  return "unknown";
}

Status::Status(const Status& other) : rep_(other.rep_ ? std::make_unique<Rep>(*other.rep_) : nullptr) {}

Status& Status::operator=(const Status& other) {
  if (this != &other) rep_ = other.rep_ ? std::make_unique<Rep>(*other.rep_) : nullptr;
  return *this;
}

Status Status::error(Errc code, std::string message, int sys_errno) {
  Status status;
  status.rep_ = std::make_unique<Rep>();
  status.rep_->code = code;
  status.rep_->message = std::move(message);
  status.rep_->sys_errno = sys_errno;
  return status;
}

Status Status::from_errno(std::string_view what, int sys_errno) {
  std::string text(what);
  text += ": ";
  text += std::system_category().message(sys_errno);
  return error(code_of(sys_errno), std::move(text), sys_errno);
}

Status Status::at(std::string path) && {
  if (rep_ && rep_->path.empty()) rep_->path = std::move(path);
  return std::move(*this);
}

Status Status::at(std::string path, uint64_t position) && {
  if (rep_ && rep_->path.empty()) {
    rep_->path = std::move(path);
    rep_->has_position = true;
    rep_->position = position;
  }
  return std::move(*this);
}

Status Status::context(std::string_view text) && {
  if (rep_) rep_->message = std::string(text) + ": " + rep_->message;
  return std::move(*this);
}

std::string Status::to_string() const {
  if (ok()) return "ok";
  std::string text = rep_->path;
  if (rep_->has_position) text += " at " + std::to_string(rep_->position);
  if (!text.empty()) text += ": ";
  return text + rep_->message;
}

}  // namespace mqctl
