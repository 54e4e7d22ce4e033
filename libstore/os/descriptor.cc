#include "libstore/os/descriptor.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

namespace mqctl {
namespace {

constexpr int kFirstFree = 3;
constexpr mode_t kNewFileMode = 0644;

Status cannot_open(int flags, int sys_errno) {
  if ((flags & O_NOFOLLOW) != 0 && sys_errno == ELOOP) {
    return Status::error(Errc::kInvalidArgument, "is a symbolic link, and is not followed", sys_errno);
  }
  return Status::from_errno("cannot open", sys_errno);
}

}  // namespace

Descriptor::~Descriptor() {
  if (fd_ >= 0) ::close(fd_);
}

Result<Descriptor> open_descriptor(const std::string& path, int flags) {
  const int fd = retry_on_eintr([&] { return ::open(path.c_str(), flags | O_CLOEXEC, kNewFileMode); });
  if (fd < 0) return cannot_open(flags, errno).at(path);
  Descriptor opened(fd);
  if (fd >= kFirstFree) return opened;
  const int moved = ::fcntl(fd, F_DUPFD_CLOEXEC, kFirstFree);
  if (moved < 0) return Status::from_errno("cannot open", errno).at(path);
  return Descriptor(moved);
}

}  // namespace mqctl
