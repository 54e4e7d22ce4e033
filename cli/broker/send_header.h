// SendHeader: the header of a send in either of its forms: full names (10), or a letter each (310, 320)
// (Apache: SendMessageRequestHeader, SendMessageRequestHeaderV2).
#pragma once

#include <string_view>

#include "cli/remoting/remoting_command.h"

namespace mqctl {

struct SendHeader {
  std::string_view group, topic, default_topic, properties;
  int32_t default_queues = 4, queue = -1, sys_flag = 0, flag = 0, reconsume_times = 0, max_reconsume_times = -1;
  int64_t born = 0;
  bool batch = false;
  bool complete = false;  // every field that must be there is

  static SendHeader of(const ReceivedCommand& command, bool letters);
};

}  // namespace mqctl
