// GatherWrite: many pieces of memory to a socket with as few calls as the kernel takes; pieces that lie one behind the
// other, as records of one queue do in the log, are one. Not thread-safe; the memory is the caller's until it is sent.
#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <span>
#include <vector>

namespace mqctl {

class GatherWrite {
 public:
  enum class Outcome { kSent, kWouldBlock, kFailed };

  void add(const void* data, size_t size);
  // Sends without waiting; to be called again where the socket takes no more. kFailed leaves errno.
  Outcome send(int socket);
  size_t bytes() const { return bytes_; }  // added since clear()
  void clear();

 private:
  void advance(size_t sent);
  std::vector<iovec> pieces_;
  size_t next_ = 0;  // the first piece with something left
  size_t bytes_ = 0;
};

}  // namespace mqctl
