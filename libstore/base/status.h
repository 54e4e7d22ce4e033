// Status: the outcome of an operation that can fail; libstore throws nothing for what it finds on disk or in the OS.
//
// One pointer wide; success never allocates. An error carries a code for the program, a text for the reader, and,
// where known, errno, a file and a position in it. Each layer adds what only it knows through `at`.
// Value type; not synchronised. Records are decoded with small enums instead (see message/record_parser.h).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace mqctl {

enum class Errc : uint8_t {
  kNotFound,
  kCorruption,
  kTruncated,
  kUnsupported,
  kInvalidArgument,
  kIoError,
  kNoSpace,
  kPermission,
  kExists,
  kBusy,
  kTimedOut,
};

// The fixed lower-case name of a code, for logs and JSON.
std::string_view errc_name(Errc code);

class [[nodiscard]] Status {
 public:
  Status() = default;
  Status(const Status& other);
  Status& operator=(const Status& other);
  Status(Status&&) noexcept = default;
  Status& operator=(Status&&) noexcept = default;
  ~Status() = default;

  static Status error(Errc code, std::string message, int sys_errno = 0);
  // From a failed system call: picks the code from errno (ENOSPC, EACCES, ENOENT ...) and appends its text.
  static Status from_errno(std::string_view what, int sys_errno);

  // Adds the place; the first caller that knows it wins, later ones leave it as it is.
  Status at(std::string path) &&;
  Status at(std::string path, uint64_t position) &&;
  // Puts `text: ` before the message: what the upper layer was doing.
  Status context(std::string_view text) &&;

  bool ok() const { return rep_ == nullptr; }
  // REQUIRES: !ok() for all of the following.
  Errc code() const { return rep_->code; }
  const std::string& message() const { return rep_->message; }
  int sys_errno() const { return rep_->sys_errno; }
  const std::string& path() const { return rep_->path; }
  bool has_position() const { return rep_->has_position; }
  uint64_t position() const { return rep_->position; }

  // "path at position: message", or "ok".
  std::string to_string() const;

 private:
  struct Rep {
    Errc code;
    int sys_errno = 0;
    bool has_position = false;
    uint64_t position = 0;
    std::string message;
    std::string path;
  };
  std::unique_ptr<Rep> rep_;
};

}  // namespace mqctl
