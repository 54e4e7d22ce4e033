#include "cli/output/output_stream.h"

#include <poll.h>
#include <unistd.h>

#include <cerrno>

namespace mqctl {
namespace {

constexpr size_t kFlushAtBytes = 256u << 10;

}  // namespace

OutputStream::OutputStream(int fd) : fd_(fd) {}
OutputStream::~OutputStream() = default;

bool OutputStream::written() { return buffer_.size() < kFlushAtBytes ? status_.ok() && !reader_gone_ : flush(); }

bool OutputStream::write(std::string_view text) {
  buffer_.append(text);
  return written();
}

bool OutputStream::flush() {
  size_t done = 0;
  while (done < buffer_.size() && status_.ok() && !reader_gone_) {
    const ssize_t wrote = ::write(fd_, buffer_.data() + done, buffer_.size() - done);
    if (wrote >= 0) {
      done += static_cast<size_t>(wrote);
    } else if (errno == EPIPE) {
      reader_gone_ = true;
    } else if (errno == EAGAIN) {  // somebody else made the pipe non-blocking
      pollfd wait{fd_, POLLOUT, 0};
      ::poll(&wait, 1, -1);
    } else if (errno != EINTR) {
      status_ = Status::from_errno("write to standard output", errno);
    }
  }
  buffer_.clear();
  return status_.ok() && !reader_gone_;
}

}  // namespace mqctl
