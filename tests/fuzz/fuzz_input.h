// FuzzInput: an input taken apart from its beginning: a few bytes that choose, the rest whole.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string_view>

#include "libstore/base/bytes.h"

namespace mqctl::test {

class FuzzInput {
 public:
  FuzzInput(const uint8_t* data, size_t size) : rest_(reinterpret_cast<const std::byte*>(data), size) {}

  bool empty() const { return rest_.empty(); }
  // 0 where nothing is left.
  uint8_t byte() { return static_cast<uint8_t>(load<1>()); }
  uint16_t word() { return static_cast<uint16_t>(load<2>()); }
  uint8_t below(uint8_t limit) { return static_cast<uint8_t>(byte() % limit); }
  // So many, or what is left.
  Bytes bytes(size_t count) {
    const Bytes taken = rest_.first(std::min(count, rest_.size()));
    rest_ = rest_.subspan(taken.size());
    return taken;
  }
  // Up to the mark, which is taken too, or all that is left.
  std::string_view until(std::string_view mark) {
    const std::string_view text = as_text(rest_);
    const size_t end = text.find(mark);
    rest_ = rest_.subspan(end == text.npos ? text.size() : end + mark.size());
    return text.substr(0, end);
  }
  Bytes rest() { return bytes(rest_.size()); }

 private:
  template <size_t kBytes>
  unsigned load() {
    unsigned value = 0;
    for (const std::byte each : bytes(kBytes)) value = value << 8 | static_cast<unsigned>(each);
    return value;
  }
  Bytes rest_;
};

}  // namespace mqctl::test
