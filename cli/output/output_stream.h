// OutputStream: standard output through one large buffer. When its reader has gone (`| head`) it turns silent and says
// so; any other failure is kept for the end, where it becomes the exit status.
//
// Not synchronised.
#pragma once

#include <string>
#include <string_view>

#include "libstore/base/status.h"

namespace mqctl {

class OutputStream {
 public:
  explicit OutputStream(int fd);
  ~OutputStream();  // what was not flushed is lost
  OutputStream(const OutputStream&) = delete;
  OutputStream& operator=(const OutputStream&) = delete;

  // To be filled by the caller, who then calls written(); spares a copy.
  std::string& buffer() { return buffer_; }
  // Writes the buffer out when it is large. False: nothing more is wanted, or can be written.
  bool written();
  bool write(std::string_view text);
  bool flush();

  bool reader_gone() const { return reader_gone_; }
  const Status& status() const { return status_; }

 private:
  const int fd_;
  std::string buffer_;
  bool reader_gone_ = false;
  Status status_;
};

}  // namespace mqctl
