#include "tests/bench/serve_bench.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <thread>
#include <vector>

#include "cli/remoting/frame_codec.h"
#include "cli/remoting/frame_reader.h"
#include "tests/bench/bench_broker.h"
#include "tests/bench/loopback.h"

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

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

// Thousands a second.
double send_rate(int port, int each) {
  constexpr int kConnections = 4, kInFlight = 64;
  const auto start = Clock::now();
  std::vector<std::thread> threads;
  for (int i = 0; i < kConnections; ++i) threads.emplace_back([=] { send_load(port, i, each, kInFlight); });
  for (std::thread& thread : threads) thread.join();
  return kConnections * each / std::chrono::duration<double>(Clock::now() - start).count() / 1000;
}

struct Latency {
  double p50_us = 0, p99_us = 0;
};

Latency lone_sender(int port) {
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
  return {micros[micros.size() / 2], micros[micros.size() * 99 / 100]};
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

// Thousands a second, from the first message of each queue to the one at `until`: as a push consumer does, over one
// connection, with a pull under way for each queue.
double pull_rate(int port, int64_t until) {
  constexpr int kQueues = 4;
  Client client(port);
  int64_t pulled = 0;
  int under_way = kQueues;
  std::string next;
  for (int queue = 0; queue < kQueues; ++queue) next += pull_frame(queue, 0);
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

// A virtual machine that hands freed memory back to its host gets each page anew from there, at a hundred times the
// price: what the host does would be measured then. Memory that was in use a moment ago is the guest's own.
void warm_memory() {
  constexpr size_t kBytes = size_t{1536} << 20;
  void* const pages = ::mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (pages == MAP_FAILED) return;
  (void)::madvise(pages, kBytes, MADV_HUGEPAGE);
  std::memset(pages, 1, kBytes);
  ::munmap(pages, kBytes);
}

struct Figures {
  double ready_ms = 0, idle_mib = 0, sends = 0, pulls = 0;
  Latency lone;
};

// The same load for each; the first of it, which a JVM compiles itself by, is not counted.
Figures measure(const BenchBroker& broker, int each) {
  Figures figures;
  figures.ready_ms = broker.ready_ms();
  figures.idle_mib = broker.resident_anonymous_mib();
  (void)send_rate(broker.port(), 30000);
  warm_memory();
  figures.lone = lone_sender(broker.port());
  std::vector<double> sends, pulls;
  for (int i = 0; i < 3; ++i) {
    warm_memory();
    sends.push_back(send_rate(broker.port(), each));
  }
  (void)pull_rate(broker.port(), 20000);
  for (int i = 0; i < 3; ++i) pulls.push_back(pull_rate(broker.port(), each));
  figures.sends = median(sends);
  figures.pulls = median(pulls);
  return figures;
}

void print_row(const char* name, const char* unit, double ours, const std::optional<double>& theirs,
               bool less_is_better) {
  std::printf("%-52s %10.1f %-9s", name, ours, unit);
  if (!theirs) {
    std::printf("  Apache: not run\n");
    return;
  }
  std::printf("  Apache %10.1f   %8.1f x\n", *theirs, less_is_better ? *theirs / ours : ours / *theirs);
}

}  // namespace

void print_limits() {
  const EchoLatency echo = loopback_echo(send_frame(0).size(), 220, 20000);
  std::printf("%-52s %10.1f us\n", "limit: loopback echo of a send, p50", echo.p50_us);
  std::printf("%-52s %10.1f us\n", "limit: loopback echo of a send, p99", echo.p99_us);
  std::printf("%-52s %10.2f GB/s\n", "limit: loopback copy", loopback_copy());
}

void bench_serve(const std::string& mqctl, const std::string& genuine_script) {
  print_limits();
  const std::unique_ptr<BenchBroker> own = BenchBroker::ours(mqctl);
  if (own == nullptr) fail("serve");
  const Figures ours = measure(*own, 200000);
  std::optional<Figures> theirs;
  if (!genuine_script.empty()) {
    if (const auto genuine = BenchBroker::genuine(genuine_script, "5.5.0")) theirs = measure(*genuine, 40000);
  }
  const auto row = [&](const char* name, const char* unit, auto figure, bool less_is_better) {
    print_row(name, unit, figure(ours), theirs ? std::optional(figure(*theirs)) : std::nullopt, less_is_better);
  };
  row(
      "serve: ready on an empty store", "ms", [](const Figures& f) { return f.ready_ms; }, true);
  row(
      "serve: idle memory, mappings of files apart", "MiB", [](const Figures& f) { return f.idle_mib; }, true);
  row(
      "serve: a lone closed-loop sender, p50", "us", [](const Figures& f) { return f.lone.p50_us; }, true);
  row(
      "serve: a lone closed-loop sender, p99", "us", [](const Figures& f) { return f.lone.p99_us; }, true);
  row(
      "serve: sends of 1 KiB, 4 connections x 64 in flight", "k msg/s", [](const Figures& f) { return f.sends; },
      false);
  row(
      "serve: pulls of one consumer of 4 queues, 32 a pull", "k msg/s", [](const Figures& f) { return f.pulls; },
      false);
}

}  // namespace mqctl
