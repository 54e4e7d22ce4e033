#include "tests/bench/broker_load.h"

#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <thread>

#include "cli/remoting/protocol.h"
#include "libstore/base/crc32.h"
#include "tests/bench/workspace.h"

namespace mqctl {
namespace {

using Clock = std::chrono::steady_clock;

constexpr const char* kProperties = "UNIQ_KEY\1FD00000000000000000000000000000212B54E0E2F2A748E8C800000\2WAIT\1true\2";

// Keeps so many frames under way.
void send_load(int port, int queue, const SendLoad& load) {
  LoadClient client(port);
  const std::string frame = send_frame(queue, load.kind, load.body_bytes);
  std::string burst;
  int sent = 0, answered = 0;
  while (answered < load.each) {
    burst.clear();
    for (; sent < load.each && sent - answered < load.in_flight; ++sent) burst += frame;
    client.write(burst);
    answered += client.answers();
  }
}

// A broker that has too much to do refuses, and is asked again.
int64_t place_of_a_send(LoadClient& client, const std::string& frame) {
  while (true) {
    const ReceivedCommand answer = client.ask(frame);
    if (answer.code == response_code::kSuccess) return answer.number_or("queueOffset", 0);
  }
}

// A send that is answered stands behind all that were taken: the offsets say how many there are.
double oneway_rate(int port, const SendLoad& load) {
  LoadClient client(port);
  const std::string asking = send_frame(0, SendKind::kOne, load.body_bytes);
  const std::string frame = send_frame(0, SendKind::kOneway, load.body_bytes);
  std::string burst;
  for (int i = 0; i < load.in_flight; ++i) burst += frame;
  const int64_t first = place_of_a_send(client, asking);
  int64_t last = 0;
  const double seconds = seconds_of([&] {
    for (int i = 0; i < load.each; i += load.in_flight) client.write(burst);
    last = place_of_a_send(client, asking);
  });
  return static_cast<double>(last - first) / seconds / 1000;
}

std::string pull_frame(int queue, int64_t offset, int park_ms = 0) {
  RemotingCommand command;
  command.code = request_code::kPullMessage;
  command.opaque = queue;
  command.set("consumerGroup", "bench").set("topic", "bench").set("queueId", queue).set("queueOffset", offset);
  command.set("maxMsgNums", 32).set("sysFlag", park_ms > 0 ? 6 : 4).set("commitOffset", 0);
  command.set("suspendTimeoutMillis", park_ms).set("subscription", "*").set("subVersion", 0);
  std::string frame;
  encode_frame(frame, command, SerializeType::kJson);
  return frame;
}

// Where the next pull begins. What is asked for is there: a broker that does not give it ends the program.
int64_t pulled_until(const Result<ReceivedCommand>& answer) {
  if (!answer || answer->code != response_code::kSuccess) fail("a pull of messages that were sent found none");
  return answer->number_or("nextBeginOffset", 0);
}

int64_t pull_load(int port, const std::vector<int>& queues, int64_t until) {
  LoadClient client(port);
  int64_t pulled = 0;
  size_t under_way = queues.size();
  std::string next;
  for (const int queue : queues) next += pull_frame(queue, 0);
  while (under_way > 0) {
    client.write(next);
    next.clear();
    client.answers([&](std::string_view frame) {
      const Result<ReceivedCommand> answer = decode_without_body(frame);
      const int64_t offset = pulled_until(answer);
      pulled += 32;
      if (offset < until) {
        next += pull_frame(answer->opaque, offset);
      } else {
        --under_way;
      }
    });
  }
  return pulled;
}

Latency latency_of(std::vector<double> micros) {
  std::sort(micros.begin(), micros.end());
  return {micros[micros.size() / 2], micros[micros.size() * 99 / 100]};
}

template <typename T>
void append_be(std::string& to, T value) {
  std::byte bytes[sizeof(T)];
  store_be(bytes, value);
  to.append(reinterpret_cast<const char*>(bytes), sizeof(T));
}

// A batch's messages as a client packs them (docs/store-format.md, batch body).
std::string batch_body(const std::string& body, const std::string& properties) {
  std::string packed;
  for (int i = 0; i < kBatchMessages; ++i) {
    append_be(packed, static_cast<int32_t>(22 + body.size() + properties.size()));
    append_be(packed, int32_t{0});  // magic
    append_be(packed, masked_crc32(as_bytes(body)));
    append_be(packed, int32_t{0});  // flag
    append_be(packed, static_cast<int32_t>(body.size()));
    packed += body;
    append_be(packed, static_cast<int16_t>(properties.size()));
    packed += properties;
  }
  return packed;
}

}  // namespace

std::string send_frame(int queue, SendKind kind, size_t body_bytes) {
  RemotingCommand command;
  const bool batch = kind == SendKind::kBatch;
  command.code = batch ? request_code::kSendBatchMessage : request_code::kSendMessageV2;
  command.body.assign(body_bytes, 'b');
  if (batch) command.body = batch_body(command.body, kProperties);
  if (kind == SendKind::kOneway) command.flag |= command_flag::kOneway;
  command.set("a", "bench-group").set("b", "bench").set("c", "TBW102").set("d", 4).set("e", queue).set("f", 0);
  command.set("g", 1767323045678).set("h", 0).set("i", batch ? "" : kProperties).set("j", 0).set("k", "false");
  command.set("m", batch ? "true" : "false");
  std::string frame;
  encode_frame(frame, command, SerializeType::kJson);
  return frame;
}

double send_rate(int port, const SendLoad& load) {
  if (load.kind == SendKind::kOneway) return oneway_rate(port, load);
  const double seconds = seconds_of([&] {
    std::vector<std::thread> threads;
    for (int i = 0; i < load.connections; ++i) threads.emplace_back([&, i] { send_load(port, i % 4, load); });
    for (std::thread& thread : threads) thread.join();
  });
  const double messages = static_cast<double>(load.connections) * load.each;
  return messages * (load.kind == SendKind::kBatch ? kBatchMessages : 1) / seconds / 1000;
}

Latency lone_sender(int port, int sends) {
  LoadClient client(port);
  const std::string frame = send_frame(0);
  std::vector<double> micros;
  for (int i = 0; i < sends; ++i) {
    const auto start = Clock::now();
    client.write(frame);
    client.answers();
    micros.push_back(std::chrono::duration<double, std::micro>(Clock::now() - start).count());
  }
  return latency_of(std::move(micros));
}

double pull_rate(int port, const PullLoad& load) {
  std::vector<int64_t> pulled(static_cast<size_t>(load.readers));
  const double seconds = seconds_of([&] {
    std::vector<std::thread> threads;
    for (int reader = 0; reader < load.readers; ++reader) {
      threads.emplace_back([&, reader] {
        std::vector<int> queues;
        for (int queue = reader; queue < load.queues; queue += load.readers) queues.push_back(queue);
        pulled[static_cast<size_t>(reader)] = pull_load(port, queues, load.until);
      });
    }
    for (std::thread& thread : threads) thread.join();
  });
  int64_t all = 0;
  for (const int64_t part : pulled) all += part;
  return static_cast<double>(all) / seconds / 1000;
}

Latency parked_pull(int port, int rounds) {
  LoadClient sender(port), reader(port);
  const std::string send = send_frame(0);
  int64_t next = sender.ask(send).number_or("queueOffset", 0) + 1;
  std::vector<double> micros;
  for (int i = 0; i < rounds; ++i, ++next) {
    reader.write(pull_frame(0, next, 15000));
    std::this_thread::sleep_for(std::chrono::milliseconds(1));  // so that it waits there
    const auto start = Clock::now();
    sender.write(send);
    reader.answers();
    micros.push_back(std::chrono::duration<double, std::micro>(Clock::now() - start).count());
    sender.answers();
  }
  return latency_of(std::move(micros));
}

IdleClients::IdleClients(int port, int count) {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
  const std::string question = pull_frame(0, 1LL << 40);
  for (int i = 0; i < count; ++i) {
    clients_.push_back(std::make_unique<LoadClient>(port));
    (void)clients_.back()->ask(question);
  }
}

}  // namespace mqctl
