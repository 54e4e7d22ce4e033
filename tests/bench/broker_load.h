// Load for a broker, ours or Apache's, at 127.0.0.1: plain sockets, frames made once, answers that are only counted.
// What goes wrong ends the program.
#pragma once

#include <cstdint>
#include <string>

namespace mqctl {

struct Latency {
  double p50_us = 0, p99_us = 0;
};

// A message of 1 KiB to a queue of the topic `bench`.
std::string send_frame(int queue);
// Thousands of sends a second: 4 connections, a queue each, 64 under way on each.
double send_rate(int port, int each);
// Sends to queue 0, each when the one before was answered.
Latency lone_sender(int port, int sends);
// Thousands of messages a second, from the first of each queue to the one at `until`: as a push consumer does, over one
// connection, with a pull of 32 under way for each queue.
double pull_rate(int port, int queues, int64_t until);

}  // namespace mqctl
