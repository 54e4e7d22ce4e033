// Load for a broker, ours or Apache's, at 127.0.0.1: frames made once, answers that are only counted.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "tests/bench/load_client.h"

namespace mqctl {

struct Latency {
  double p50_us = 0, p99_us = 0;
};

enum class SendKind : unsigned char { kOne, kBatch, kOneway };

struct SendLoad {
  int connections = 4;  // a queue each
  int in_flight = 64;   // frames on each connection
  int each = 0;         // frames
  SendKind kind = SendKind::kOne;
  size_t body_bytes = 1024;
};

inline constexpr int kBatchMessages = 32;

// A message of 1 KiB to a queue of the topic `bench`.
std::string send_frame(int queue, SendKind kind = SendKind::kOne, size_t body_bytes = 1024);
// Thousands of messages a second, those counted that the broker has.
double send_rate(int port, const SendLoad& load);
// Sends to queue 0, each when the one before was answered.
Latency lone_sender(int port, int sends);

struct PullLoad {
  int readers = 1;  // a connection each
  int queues = 4;   // dealt out to the readers, a pull of 32 under way for each queue, as a push consumer does
  int64_t until = 0;
};
// Thousands of messages a second, from the first of each queue to the one at `until`.
double pull_rate(int port, const PullLoad& load);
// From the send to the answer of a pull that waits for it.
Latency parked_pull(int port, int rounds);
// Connections that asked one thing each and keep still until they go.
class IdleClients {
 public:
  IdleClients(int port, int count);

 private:
  std::vector<std::unique_ptr<LoadClient>> clients_;
};

}  // namespace mqctl
