// UTF-8 as Java and JSON see it: well-formed only (no surrogates, no overlong forms, at most U+10FFFF). How much an
// ill-formed part takes is Java's rule, too: the longest start of a code point; an encoded surrogate is one part.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace mqctl {

inline constexpr uint32_t kReplacementCharacter = 0xFFFD;

struct CodePoint {
  uint32_t value;  // kReplacementCharacter for an ill-formed part
  uint8_t length;  // bytes taken, at least 1
  bool well_formed;
};

// The code point at the start of `text`. REQUIRES: !text.empty().
CodePoint next_code_point(std::string_view text);

bool is_valid_utf8(std::string_view text);

// The text with each ill-formed part replaced by U+FFFD.
std::string to_valid_utf8(std::string_view text);

}  // namespace mqctl
