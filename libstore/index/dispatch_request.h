// DispatchRequest: what a record gives to the consume queues and the index (Apache: DispatchRequest).
#pragma once

#include <cstdint>
#include <string_view>

#include "libstore/base/types.h"
#include "libstore/message/delay_level.h"
#include "libstore/message/message_view.h"

namespace mqctl {

// Views into the record it was made from.
struct DispatchRequest {
  std::string_view topic;
  QueueId queue_id;
  QueueOffset queue_offset;
  PhysicalOffset physical_offset;
  int32_t size = 0;
  int64_t tags_code = 0;
  EpochMs stored;
  int32_t sys_flag = 0;
  std::string_view keys;
  std::string_view uniq_key;
  std::string_view tags;
  bool has_uniq_key = false;
  std::string_view properties;  // all of them, for multi-dispatch
};

DispatchRequest make_dispatch_request(const MessageView& message, const DelayLevelTable& levels);

}  // namespace mqctl
