#include "tests/bench/broker_load.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <thread>
#include <vector>

#include "cli/remoting/frame_codec.h"
#include "cli/remoting/frame_reader.h"

namespace mqctl {
namespace {

using Clock = std::chrono::steady_clock;

void fail(const char* what) {
  std::perror(what);
  std::exit(3);
}

class Client {
 public:
  explicit Client(int port) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<uint16_t>(port));
    ::inet_pton(AF_INET, "127.0.0.1", &address.sin_addr);
    if (::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) fail("connect");
    const int yes = 1;
    ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  }
  ~Client() { ::close(fd_); }

  void write(std::string_view bytes) const {
    while (!bytes.empty()) {
      const ssize_t wrote = ::write(fd_, bytes.data(), bytes.size());
      if (wrote <= 0) fail("write");
      bytes.remove_prefix(static_cast<size_t>(wrote));
    }
  }
  // Waits for at least one answer and gives each to `take`; how many there were.
  template <typename Take>
  int answers(const Take& take) {
    int count = 0;
    std::string_view frame;
    while (true) {
      for (; reader_.next(frame) == FrameReader::Step::kFrame; ++count) take(frame);
      if (count > 0) return count;
      const std::span<char> room = reader_.room();
      const ssize_t got = ::read(fd_, room.data(), room.size());
      if (got <= 0) fail("read");
      reader_.filled(static_cast<size_t>(got));
    }
  }
  int answers() {
    return answers([](std::string_view) {});
  }

 private:
  const int fd_;
  FrameReader reader_;
};

// Keeps so many sends under way.
void send_load(int port, int queue, int total, int in_flight) {
  Client client(port);
  const std::string frame = send_frame(queue);
  std::string burst;
  int sent = 0, answered = 0;
  while (answered < total) {
    burst.clear();
    for (; sent < total && sent - answered < in_flight; ++sent) burst += frame;
    client.write(burst);
    answered += client.answers();
  }
}

// What is counted is the broker's work, not ours at a copy of the messages.
std::string_view without_body(std::string_view frame) {
  return frame.substr(
      0, kFrameHeadBytes + (load_be<uint32_t>(as_bytes(frame.substr(kFrameLengthBytes)).data()) & 0xFFFFFF));
}

std::string pull_frame(int queue, int64_t offset) {
  RemotingCommand command;
  command.code = request_code::kPullMessage;
  command.opaque = queue;
  command.set("consumerGroup", "bench").set("topic", "bench").set("queueId", queue).set("queueOffset", offset);
  command.set("maxMsgNums", 32).set("sysFlag", 4).set("commitOffset", 0).set("suspendTimeoutMillis", 0);
  command.set("subscription", "*").set("subVersion", 0);
  std::string frame;
  encode_frame(frame, command, SerializeType::kJson);
  return frame;
}

}  // namespace

std::string send_frame(int queue) {
  RemotingCommand command;
  command.code = request_code::kSendMessageV2;
  command.body.assign(1024, 'b');
  command.set("a", "bench-group")
      .set("b", "bench")
      .set("c", "TBW102")
      .set("d", 4)
      .set("e", queue)
      .set("f", 0)
      .set("g", 1767323045678)
      .set("h", 0);
  command.set("i", "UNIQ_KEY\1FD00000000000000000000000000000212B54E0E2F2A748E8C800000\2WAIT\1true\2")
      .set("j", 0)
      .set("k", "false")
      .set("m", "false");
  std::string frame;
  encode_frame(frame, command, SerializeType::kJson);
  return frame;
}

double send_rate(int port, int each) {
  constexpr int kConnections = 4, kInFlight = 64;
  const auto start = Clock::now();
  std::vector<std::thread> threads;
  for (int i = 0; i < kConnections; ++i) threads.emplace_back([=] { send_load(port, i, each, kInFlight); });
  for (std::thread& thread : threads) thread.join();
  return kConnections * each / std::chrono::duration<double>(Clock::now() - start).count() / 1000;
}

Latency lone_sender(int port, int sends) {
  Client client(port);
  const std::string frame = send_frame(0);
  std::vector<double> micros;
  for (int i = 0; i < sends; ++i) {
    const auto start = Clock::now();
    client.write(frame);
    client.answers();
    micros.push_back(std::chrono::duration<double, std::micro>(Clock::now() - start).count());
  }
  std::sort(micros.begin(), micros.end());
  return {micros[micros.size() / 2], micros[micros.size() * 99 / 100]};
}

double pull_rate(int port, int queues, int64_t until) {
  Client client(port);
  int64_t pulled = 0;
  int under_way = queues;
  std::string next;
  for (int queue = 0; queue < queues; ++queue) next += pull_frame(queue, 0);
  const auto start = Clock::now();
  while (under_way > 0) {
    client.write(next);
    next.clear();
    client.answers([&](std::string_view frame) {
      const Result<ReceivedCommand> answer = decode_frame(without_body(frame));
      const bool found = answer && answer->code == response_code::kSuccess;
      const int64_t offset = found ? answer->number_or("nextBeginOffset", until) : until;
      if (found) pulled += 32;
      if (offset < until) {
        next += pull_frame(answer->opaque, offset);
      } else {
        --under_way;
      }
    });
  }
  return static_cast<double>(pulled) / std::chrono::duration<double>(Clock::now() - start).count() / 1000;
}

}  // namespace mqctl
