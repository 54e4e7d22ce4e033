#include "tests/bench/load_client.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <optional>

#include "tests/bench/workspace.h"

namespace mqctl {

LoadClient::LoadClient(int port) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  ::inet_pton(AF_INET, "127.0.0.1", &address.sin_addr);
  if (::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) fail("connect");
  const int yes = 1;
  ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
}

LoadClient::~LoadClient() { ::close(fd_); }

void LoadClient::write(std::string_view bytes) const {
  while (!bytes.empty()) {
    const ssize_t wrote = ::write(fd_, bytes.data(), bytes.size());
    if (wrote <= 0) fail("write");
    bytes.remove_prefix(static_cast<size_t>(wrote));
  }
}

void LoadClient::read() {
  const std::span<char> room = reader_.room();
  const ssize_t got = ::read(fd_, room.data(), room.size());
  if (got <= 0) fail("read");
  reader_.filled(static_cast<size_t>(got));
}

ReceivedCommand LoadClient::ask(std::string_view frame) {
  write(frame);
  std::optional<ReceivedCommand> answer;
  answers([&](std::string_view bytes) { answer = value_of(decode_without_body(bytes)); });
  return std::move(*answer);
}

Result<ReceivedCommand> decode_without_body(std::string_view frame) {
  const uint32_t header = load_be<uint32_t>(as_bytes(frame.substr(kFrameLengthBytes)).data()) & 0xFFFFFF;
  return decode_frame(frame.substr(0, kFrameHeadBytes + header));
}

}  // namespace mqctl
