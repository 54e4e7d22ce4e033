#include "libstore/base/java_hash.h"

#include "libstore/base/utf8.h"

namespace mqctl {
namespace {

uint32_t add_unit(uint32_t hash, uint32_t unit) { return hash * 31 + unit; }

uint32_t add_code_point(uint32_t hash, uint32_t value) {
  if (value < 0x10000) return add_unit(hash, value);
  const uint32_t high = 0xD800 + ((value - 0x10000) >> 10);
  const uint32_t low = 0xDC00 + ((value - 0x10000) & 0x3FF);
  return add_unit(add_unit(hash, high), low);
}

}  // namespace

int32_t java_string_hash(std::string_view utf8) { return java_string_hash(utf8, 0); }

int32_t java_string_hash(std::string_view utf8, int32_t seed) {
  auto hash = static_cast<uint32_t>(seed);
  while (!utf8.empty()) {
    const auto first = static_cast<uint8_t>(utf8[0]);
    if (first < 0x80) {
      hash = add_unit(hash, first);
      utf8.remove_prefix(1);
      continue;
    }
    const CodePoint point = next_code_point(utf8);
    hash = add_code_point(hash, point.value);
    utf8.remove_prefix(point.length);
  }
  return static_cast<int32_t>(hash);
}

}  // namespace mqctl
