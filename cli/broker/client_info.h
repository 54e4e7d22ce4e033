// ClientInfo: a client that registered by a heartbeat, with its connection (Apache: ClientChannelInfo).
#pragma once

#include <cstdint>
#include <string>

#include "cli/remoting/channel.h"
#include "libstore/base/clock.h"

namespace mqctl {

struct ClientInfo {
  ChannelPtr channel;
  std::string id;
  uint8_t language = 0;
  int32_t version = 0;
  Clock::Steady seen;  // its last heartbeat
};

}  // namespace mqctl
