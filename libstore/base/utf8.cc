#include "libstore/base/utf8.h"

#include <cstring>

namespace mqctl {
namespace {

struct Lead {
  uint8_t length;                   // 0: not a lead byte
  uint8_t second_low, second_high;  // the range of the second byte rules out overlong forms
};

constexpr Lead lead_of(uint8_t byte) {
  if (byte >= 0xC2 && byte <= 0xDF) return {2, 0x80, 0xBF};
  if (byte == 0xE0) return {3, 0xA0, 0xBF};
  if (byte >= 0xE1 && byte <= 0xEF) return {3, 0x80, 0xBF};
  if (byte == 0xF0) return {4, 0x90, 0xBF};
  if (byte >= 0xF1 && byte <= 0xF3) return {4, 0x80, 0xBF};
  if (byte == 0xF4) return {4, 0x80, 0x8F};
  return {0, 0, 0};
}

// Skips ASCII eight bytes at a time; the rest is the careful loop's.
size_t ascii_prefix(std::string_view text) {
  size_t at = 0;
  while (text.size() - at >= 8) {
    uint64_t word;
    std::memcpy(&word, text.data() + at, sizeof word);
    if ((word & 0x8080808080808080u) != 0) break;
    at += 8;
  }
  while (at < text.size() && static_cast<uint8_t>(text[at]) < 0x80) ++at;
  return at;
}

}  // namespace

CodePoint next_code_point(std::string_view text) {
  const auto first = static_cast<uint8_t>(text[0]);
  if (first < 0x80) return {first, 1, true};
  const Lead lead = lead_of(first);
  if (lead.length == 0) return {kReplacementCharacter, 1, false};
  uint32_t value = first & (0xFFu >> (lead.length + 1));
  for (uint8_t i = 1; i < lead.length; ++i) {
    const uint8_t low = i == 1 ? lead.second_low : 0x80;
    const uint8_t high = i == 1 ? lead.second_high : 0xBF;
    if (i >= text.size()) return {kReplacementCharacter, i, false};
    const auto byte = static_cast<uint8_t>(text[i]);
    if (byte < low || byte > high) return {kReplacementCharacter, i, false};
    value = (value << 6) | (byte & 0x3Fu);
  }
  if (value >= 0xD800 && value <= 0xDFFF) return {kReplacementCharacter, lead.length, false};
  return {value, lead.length, true};
}

bool is_valid_utf8(std::string_view text) {
  while (true) {
    text.remove_prefix(ascii_prefix(text));
    if (text.empty()) return true;
    const CodePoint point = next_code_point(text);
    if (!point.well_formed) return false;
    text.remove_prefix(point.length);
  }
}

std::string to_valid_utf8(std::string_view text) {
  std::string valid;
  valid.reserve(text.size());
  while (!text.empty()) {
    const CodePoint point = next_code_point(text);
    if (point.well_formed) {
      valid.append(text.substr(0, point.length));
    } else {
      valid.append("\xEF\xBF\xBD");
    }
    text.remove_prefix(point.length);
  }
  return valid;
}

}  // namespace mqctl
