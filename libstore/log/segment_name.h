// Names of segments: the offset of a file's first byte in 20 digits (docs/store-format.md; Apache:
// UtilAll.offset2FileName).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace mqctl {

inline constexpr size_t kSegmentNameDigits = 20;
inline constexpr int64_t kGreatestSegmentBase = INT64_MAX / 2;  // so that no position in a file makes it overflow

// None where the name is no segment's.
std::optional<int64_t> offset_of_segment_name(std::string_view name);

}  // namespace mqctl
