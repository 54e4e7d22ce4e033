#include "cli/remoting/gather_write.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <climits>

namespace mqctl {

void GatherWrite::add(const void* data, size_t size) {
  if (size == 0) return;
  bytes_ += size;
  if (pieces_.size() > next_) {
    iovec& last = pieces_.back();
    if (static_cast<const std::byte*>(last.iov_base) + last.iov_len == data) {
      last.iov_len += size;
      return;
    }
  }
  pieces_.push_back({const_cast<void*>(data), size});
}

GatherWrite::Outcome GatherWrite::send(int socket) {
  while (next_ < pieces_.size()) {
    msghdr message{};
    message.msg_iov = &pieces_[next_];
    message.msg_iovlen = std::min<size_t>(pieces_.size() - next_, IOV_MAX);
    const ssize_t sent = ::sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent >= 0) {
      advance(static_cast<size_t>(sent));
    } else if (errno != EINTR) {
      return errno == EAGAIN || errno == EWOULDBLOCK ? Outcome::kWouldBlock : Outcome::kFailed;
    }
  }
  return Outcome::kSent;
}

void GatherWrite::advance(size_t sent) {
  while (sent > 0) {
    iovec& piece = pieces_[next_];
    const size_t taken = std::min(sent, piece.iov_len);
    piece.iov_base = static_cast<std::byte*>(piece.iov_base) + taken;
    piece.iov_len -= taken;
    sent -= taken;
    if (piece.iov_len == 0) ++next_;
  }
}

void GatherWrite::clear() {
  pieces_.clear();
  next_ = bytes_ = 0;
}

}  // namespace mqctl
