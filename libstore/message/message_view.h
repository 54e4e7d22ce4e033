// MessageView: a record of the commit log, checked and taken apart without copying. Views live as long as the bytes
// that were parsed. A plain value; fill it with parse_record.
#pragma once

#include <cstdint>
#include <string_view>

#include "libstore/base/bytes.h"
#include "libstore/base/types.h"
#include "libstore/message/host_address.h"

namespace mqctl {

struct MessageView {
  Bytes record;  // the whole of it; its size is the record's totalSize
  int version = 1;
  uint32_t body_crc = 0;  // as stored; masked to 31 bits by every writer
  QueueId queue_id;
  int32_t flag = 0;
  QueueOffset queue_offset;
  PhysicalOffset physical_offset;  // as stored: compare with where the record was found
  int32_t sys_flag = 0;
  EpochMs born;
  HostAddress born_host;
  EpochMs stored;
  HostAddress store_host;
  int32_t reconsume_times = 0;
  PhysicalOffset prepared_transaction_offset;
  Bytes body;  // as stored: still compressed where sys_flag says so
  std::string_view topic;
  std::string_view properties;
};

}  // namespace mqctl
