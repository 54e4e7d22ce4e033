#include "libstore/log/segment_name.h"

#include <charconv>

namespace mqctl {

std::optional<int64_t> offset_of_segment_name(std::string_view name) {
  if (name.size() != kSegmentNameDigits || name.find_first_not_of("0123456789") != name.npos) return std::nullopt;
  int64_t offset = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), offset);
  return error == std::errc() && offset <= kGreatestSegmentBase ? std::optional(offset) : std::nullopt;
}

}  // namespace mqctl
