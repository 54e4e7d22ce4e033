// What `mqctl serve` was asked to do.
#pragma once

#include <string>
#include <vector>

#include "cli/broker/broker_controller.h"

namespace mqctl {

struct SeedTopic {
  std::string name;
  int32_t queues = 4;
};

struct ServeOptions {
  BrokerOptions broker;
  bool ephemeral = false;  // the store is ours, and goes at the end
  std::vector<SeedTopic> topics;
  std::string seed_file, ready_file, port_file;
  std::vector<std::string> command;    // runs against the broker; empty: serve until a signal
  std::optional<HostAddress> metrics;  // where to serve them; port 0: any free one
  bool quiet = false;
};

}  // namespace mqctl
