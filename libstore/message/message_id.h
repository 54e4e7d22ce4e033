// The two message ids, 32 hex digits each (56 with IPv6) and alike to the eye: the offset id, which a broker makes
// of its address and the physical offset, and the unique key, which a client makes (docs/store-format.md).
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "libstore/base/mutex.h"
#include "libstore/base/types.h"
#include "libstore/message/host_address.h"

namespace mqctl {

struct OffsetMessageId {
  HostAddress store_host;
  PhysicalOffset physical_offset;
};

std::string offset_message_id(const HostAddress& store_host, PhysicalOffset physical_offset);
std::optional<OffsetMessageId> parse_offset_message_id(std::string_view hex);  // either case of digits

// Makes unique keys as Apache's client does (MessageClientIDSetter). Thread-safe.
class UniqueKeyGenerator {
 public:
  // Unique over processes by host address, process id and `discriminator` (any number; the class loader's hash there).
  UniqueKeyGenerator(const HostAddress& host, uint32_t process_id, uint32_t discriminator);
  std::string next(EpochMs now);

 private:
  // What a key holds of the time: milliseconds since local midnight of the first of the month, as Java's (int) cuts it.
  int32_t since_month_start(EpochMs now) EXCLUDES(mutex_);

  std::string prefix_;  // constant after construction
  Mutex mutex_;
  EpochMs month_start_ GUARDED_BY(mutex_);
  EpochMs month_end_ GUARDED_BY(mutex_);
  std::atomic<uint32_t> counter_{0};  // relaxed: only each value's being taken once matters
};

}  // namespace mqctl
