#include "tests/bench/serve_bench.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
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

// A broker on a free port, with a temporary store.
class Broker {
 public:
  explicit Broker(const std::string& mqctl) {
    int pipe_ends[2];
    if (::pipe(pipe_ends) != 0) fail("pipe");
    const auto start = Clock::now();
    pid_ = ::fork();
    if (pid_ == 0) {
      ::dup2(pipe_ends[1], STDOUT_FILENO);
      ::execl(mqctl.c_str(), "mqctl", "serve", "--ephemeral", "--listen", "127.0.0.1:0", "--segment-size", "1GiB", "-v",
              "--color", "never", nullptr);
      ::_exit(127);
    }
    ::close(pipe_ends[1]);
    FILE* const out = ::fdopen(pipe_ends[0], "r");
    char line[4096];
    if (std::fgets(line, sizeof line, out) == nullptr) fail("serve");
    ready_ms_ = std::chrono::duration<double, std::milli>(Clock::now() - start).count();
    const std::string text(line);
    const size_t at = text.find("127.0.0.1:") + 10;
    port_ = std::atoi(text.c_str() + at);
  }
  ~Broker() {
    ::kill(pid_, SIGTERM);
    ::waitpid(pid_, nullptr, 0);
  }
  int port() const { return port_; }
  double ready_ms() const { return ready_ms_; }
  long resident_anonymous_kib() const {
    std::ifstream status("/proc/" + std::to_string(pid_) + "/status");
    for (std::string line; std::getline(status, line);) {
      if (line.starts_with("RssAnon:")) return std::atol(line.c_str() + 8);
    }
    return 0;
  }

 private:
  pid_t pid_ = -1;
  int port_ = 0;
  double ready_ms_ = 0;
};

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
  // Waits for at least one answer; how many there are. The last one is kept.
  int answers() {
    int count = 0;
    std::string_view frame;
    while (true) {
      while (reader_.next(frame) == FrameReader::Step::kFrame) {
        ++count;
        last_ = frame;
      }
      if (count > 0) return count;
      const std::span<char> room = reader_.room();
      const ssize_t got = ::read(fd_, room.data(), room.size());
      if (got <= 0) fail("read");
      reader_.filled(static_cast<size_t>(got));
    }
  }
  Result<ReceivedCommand> last() const { return decode_frame(last_); }

 private:
  const int fd_;
  FrameReader reader_;
  std::string last_;
};

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

void bench_sends(int port) {
  constexpr int kConnections = 4, kEach = 250000, kInFlight = 64;
  const auto start = Clock::now();
  std::vector<std::thread> threads;
  for (int i = 0; i < kConnections; ++i) threads.emplace_back([port, i] { send_load(port, i, kEach, kInFlight); });
  for (std::thread& thread : threads) thread.join();
  const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
  std::printf("%-52s %12.1f k msg/s\n", "serve: sends of 1 KiB, 4 connections x 64 in flight",
              kConnections * kEach / seconds / 1000);
}

void bench_lone_sender(int port) {
  Client client(port);
  const std::string frame = send_frame(0);
  std::vector<double> micros;
  for (int i = 0; i < 20000; ++i) {
    const auto start = Clock::now();
    client.write(frame);
    client.answers();
    micros.push_back(std::chrono::duration<double, std::micro>(Clock::now() - start).count());
  }
  std::sort(micros.begin(), micros.end());
  std::printf("%-52s p50 %.0f us, p99 %.0f us\n", "serve: a lone closed-loop sender", micros[micros.size() / 2],
              micros[micros.size() * 99 / 100]);
}

void bench_pulls(int port) {
  Client client(port);
  int64_t offset = 0, messages = 0;
  const auto start = Clock::now();
  while (true) {
    RemotingCommand command;
    command.code = request_code::kPullMessage;
    command.set("consumerGroup", "bench")
        .set("topic", "bench")
        .set("queueId", 0)
        .set("queueOffset", offset)
        .set("maxMsgNums", 32);
    command.set("sysFlag", 4)
        .set("commitOffset", 0)
        .set("suspendTimeoutMillis", 0)
        .set("subscription", "*")
        .set("subVersion", 0);
    std::string frame;
    encode_frame(frame, command, SerializeType::kJson);
    client.write(frame);
    client.answers();
    const Result<ReceivedCommand> answer = client.last();
    if (!answer || answer->code != response_code::kSuccess) break;
    const int64_t next = answer->number_or("nextBeginOffset", offset);
    messages += next - offset;
    offset = next;
  }
  const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
  std::printf("%-52s %12.1f k msg/s\n", "serve: pulls of one consumer, one queue",
              static_cast<double>(messages) / seconds / 1000);
}

}  // namespace

void bench_serve(const std::string& mqctl) {
  const Broker broker(mqctl);
  std::printf("%-52s %12.1f ms\n", "serve: ready on an empty store", broker.ready_ms());
  std::printf("%-52s %12.1f MiB\n", "serve: idle memory, mappings apart",
              static_cast<double>(broker.resident_anonymous_kib()) / 1024);
  bench_lone_sender(broker.port());
  bench_sends(broker.port());
  bench_pulls(broker.port());
}

}  // namespace mqctl
