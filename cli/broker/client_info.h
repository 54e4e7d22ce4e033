// ClientInfo: a client that registered by a heartbeat, with its connection (Apache: ClientChannelInfo).
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "cli/remoting/channel.h"

namespace mqctl {

struct ClientInfo {
  ChannelPtr channel;
  std::string id;
  uint8_t language = 0;
  int32_t version = 0;
  std::chrono::steady_clock::time_point seen = std::chrono::steady_clock::now();
};

}  // namespace mqctl
