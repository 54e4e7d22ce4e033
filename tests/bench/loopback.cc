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

EchoLatency loopback_echo(const EchoShape& shape, int rounds) {
  const auto [client, server] = connection();
  std::thread answering([server = server, shape] {
    std::string request(shape.request_bytes, 'r');
    const std::string answer(shape.answer_bytes, 'a');
    while (read_all(server, request)) {
      if (::write(server, answer.data(), answer.size()) < 0) break;
    }
    ::close(server);
  });
  const std::string request(shape.request_bytes, 'r');
  std::string answer(shape.answer_bytes, 'a');
  std::vector<double> micros;
  for (int i = 0; i < rounds; ++i) {
    if (shape.silence.count() > 0) std::this_thread::sleep_for(shape.silence);
    const auto start = Clock::now();
    if (::write(client, request.data(), request.size()) < 0 || !read_all(client, answer)) break;
    micros.push_back(std::chrono::duration<double, std::micro>(Clock::now() - start).count());
  }
  ::close(client);
  answering.join();
  std::sort(micros.begin(), micros.end());
  return {micros[micros.size() / 2], micros[micros.size() * 99 / 100]};
}

namespace {

void answer_all(int server, const EchoLoad& load) {
  std::string room(256 << 10, 'r');
  const std::string answers(static_cast<size_t>(load.in_flight) * load.answer_bytes, 'a');
  size_t left_over = 0;
  for (ssize_t got = 0; (got = ::read(server, room.data(), room.size())) > 0;) {
    left_over += static_cast<size_t>(got);
    const size_t whole = left_over / load.request_bytes;
    left_over %= load.request_bytes;
    if (whole > 0 && ::write(server, answers.data(), whole * load.answer_bytes) < 0) break;
  }
  ::close(server);
}

void request_all(int client, const EchoLoad& load) {
  const std::string requests(static_cast<size_t>(load.in_flight) * load.request_bytes, 'r');
  std::string room(64 << 10, 'a');
  size_t sent = 0, left_over = 0, answered = 0;
  while (answered < static_cast<size_t>(load.each)) {
    const size_t more =
        std::min(static_cast<size_t>(load.each) - sent, static_cast<size_t>(load.in_flight) - (sent - answered));
    if (more > 0 && ::write(client, requests.data(), more * load.request_bytes) < 0) break;
    sent += more;
    const ssize_t got = ::read(client, room.data(), room.size());
    if (got <= 0) break;
    left_over += static_cast<size_t>(got);
    answered += left_over / load.answer_bytes;
    left_over %= load.answer_bytes;
  }
  ::close(client);
}

}  // namespace

double loopback_echo_rate(const EchoLoad& load) {
  std::vector<std::thread> threads;
  const auto start = Clock::now();
  for (int i = 0; i < load.connections; ++i) {
    const auto [client, server] = connection();
    threads.emplace_back([server = server, &load] { answer_all(server, load); });
    threads.emplace_back([client = client, &load] { request_all(client, load); });
  }
  for (std::thread& thread : threads) thread.join();
  const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
  return static_cast<double>(load.connections) * load.each / seconds / 1000;
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
