// The __CRC32# property that newer brokers append (enabledAppendPropCRC): 20 bytes at the record's end, the CRC of
// everything before them in decimal, least significant digit first, filled with '0' (docs/store-format.md).
#pragma once

#include <cstdint>
#include <string_view>

#include "libstore/base/bytes.h"

namespace mqctl {

inline constexpr size_t kPropertyCrcBytes = 20;

enum class PropertyCrcState : uint8_t { kAbsent, kMatches, kMismatch };

// `properties`: the end of the record. Absent where their last item is another one, even if it ends alike.
PropertyCrcState check_property_crc(Bytes record, std::string_view properties);
// Writes the appendix over the last 20 bytes of the record. REQUIRES: record.size() > 20.
void write_property_crc(MutableBytes record);

}  // namespace mqctl
