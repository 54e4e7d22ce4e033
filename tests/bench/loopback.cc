#include "tests/bench/loopback.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace mqctl {
namespace {

using Clock = std::chrono::steady_clock;

// Two ends of a connection over 127.0.0.1.
std::pair<int, int> connection() {
  const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  ::bind(listener, generic, size);
  ::listen(listener, 1);
  ::getsockname(listener, generic, &size);
  const int client = ::socket(AF_INET, SOCK_STREAM, 0);
  ::connect(client, generic, size);
  const int server = ::accept(listener, nullptr, nullptr);
  ::close(listener);
  const int yes = 1;
  for (const int fd : {client, server}) ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  return {client, server};
}

bool read_all(int fd, std::string& buffer) {
  for (size_t done = 0; done < buffer.size();) {
    const ssize_t got = ::read(fd, buffer.data() + done, buffer.size() - done);
    if (got <= 0) return false;
    done += static_cast<size_t>(got);
  }
  return true;
}

}  // namespace

EchoLatency loopback_echo(size_t request_bytes, size_t answer_bytes, int rounds) {
  const auto [client, server] = connection();
  std::thread answering([server = server, request_bytes, answer_bytes] {
    std::string request(request_bytes, 'r');
    const std::string answer(answer_bytes, 'a');
    while (read_all(server, request)) {
      if (::write(server, answer.data(), answer.size()) < 0) break;
    }
    ::close(server);
  });
  const std::string request(request_bytes, 'r');
  std::string answer(answer_bytes, 'a');
  std::vector<double> micros;
  for (int i = 0; i < rounds; ++i) {
    const auto start = Clock::now();
    if (::write(client, request.data(), request.size()) < 0 || !read_all(client, answer)) break;
    micros.push_back(std::chrono::duration<double, std::micro>(Clock::now() - start).count());
  }
  ::close(client);
  answering.join();
  std::sort(micros.begin(), micros.end());
  return {micros[micros.size() / 2], micros[micros.size() * 99 / 100]};
}

double loopback_copy() {
  constexpr size_t kPiece = 256u << 10, kPieces = 16384;
  const auto [client, server] = connection();
  std::thread writing([server = server] {
    const std::string piece(kPiece, 'p');
    for (size_t i = 0; i<kPieces&& ::write(server, piece.data(), piece.size())> 0; ++i) {
    }
    ::close(server);
  });
  std::string room(kPiece, 'p');
  uint64_t bytes = 0;
  const auto start = Clock::now();
  for (ssize_t got = 0; (got = ::read(client, room.data(), room.size())) > 0;) bytes += static_cast<uint64_t>(got);
  const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
  ::close(client);
  writing.join();
  return static_cast<double>(bytes) / seconds / 1e9;
}

}  // namespace mqctl
