// The outcome of a put, in Apache's words (PutMessageStatus).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "libstore/base/types.h"

namespace mqctl {

enum class PutMessageStatus : uint8_t {
  kPutOk,
  kFlushDiskTimeout,  // the message is stored
  kServiceNotAvailable,
  kCreateMappedFileFailed,
  kMessageIllegal,
  kPropertiesSizeExceeded,
  kUnknownError,
};

std::string_view put_status_name(PutMessageStatus status);  // "PUT_OK", "FLUSH_DISK_TIMEOUT", ...

constexpr bool stored(PutMessageStatus status) {
  return status == PutMessageStatus::kPutOk || status == PutMessageStatus::kFlushDiskTimeout;
}

struct PutMessageResult {
  PutMessageStatus status = PutMessageStatus::kUnknownError;
  std::string reason;        // where it is not PUT_OK
  PhysicalOffset offset;     // of the first record
  QueueOffset queue_offset;  // of the first record
  EpochMs stored_at;
  PhysicalOffset end;  // behind the last record: what a flush must cover
};

}  // namespace mqctl
