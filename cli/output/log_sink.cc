#include "cli/output/log_sink.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <climits>
#include <string>

namespace mqctl {
namespace {

// A terminal that is held (Ctrl-S), or a socket, may not.
bool takes_more(int fd) {
  pollfd wait{fd, POLLOUT, 0};
  return ::poll(&wait, 1, 0) != 0;
}

}  // namespace

LogSink::LogSink() {
  struct stat found {};
  if (::fstat(STDERR_FILENO, &found) != 0 || !S_ISFIFO(found.st_mode)) return;
  pipe_ = Descriptor(::open("/proc/self/fd/2", O_WRONLY | O_NONBLOCK | O_CLOEXEC));
}

bool LogSink::write(std::string_view line) const {
  const bool written = try_write(line);
  if (!written) lost_.fetch_add(1, std::memory_order_relaxed);
  return written;
}

bool LogSink::try_write(std::string_view line) const {
  if (line.size() > PIPE_BUF) return try_write(std::string(line.substr(0, PIPE_BUF - 1)) + "\n");
  if (pipe_.get() >= 0) return ::write(pipe_.get(), line.data(), line.size()) >= 0;
  return takes_more(STDERR_FILENO) && ::write(STDERR_FILENO, line.data(), line.size()) >= 0;
}

}  // namespace mqctl
