// Descriptor: owns a file descriptor; kept off 0 to 2, so that nothing printed by accident lands in a store.
#pragma once

#include <cerrno>
#include <string>
#include <utility>

#include "libstore/base/result.h"

namespace mqctl {

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Descriptor();

  int get() const { return fd_; }

 private:
  int fd_;
};

// open(2) with O_CLOEXEC, retried on EINTR.
Result<Descriptor> open_descriptor(const std::string& path, int flags);

// Runs a system call again while it fails with EINTR.
template <class Call>
auto retry_on_eintr(const Call& call) {
  auto result = call();
  while (result < 0 && errno == EINTR) result = call();
  return result;
}

}  // namespace mqctl
