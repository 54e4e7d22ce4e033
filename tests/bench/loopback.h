// Loopback: what the kernel's TCP alone costs, the limit of any broker on this machine.
#pragma once

#include <chrono>
#include <cstddef>

namespace mqctl {

struct EchoLatency {
  double p50_us = 0, p99_us = 0;
};

// One sender waits for an answer of so many bytes, and then so long, before it sends again; a thread that sleeps
// between two answers.
struct EchoShape {
  size_t request_bytes = 0, answer_bytes = 0;
  std::chrono::microseconds silence{0};
};
EchoLatency loopback_echo(const EchoShape& shape, int rounds);
// Thousands of requests a second: several connections, so many requests on each under way; who answers does nothing but
// count bytes, and writes the answers of one read at once.
struct EchoLoad {
  int connections = 4, in_flight = 64, each = 0;
  size_t request_bytes = 0, answer_bytes = 0;
};
double loopback_echo_rate(const EchoLoad& load);
// Gigabytes a second from one thread to another.
double loopback_copy();

}  // namespace mqctl
