// UTF-8: what is well-formed, and how much an ill-formed part takes.
#include <catch2/catch.hpp>
#include <string>

#include "libstore/base/utf8.h"

using namespace mqctl;

namespace {

std::string encoded(uint32_t value) {
  const auto tail = [&](int shift) { return static_cast<char>(0x80 | ((value >> shift) & 0x3F)); };
  if (value < 0x80) return {static_cast<char>(value)};
  if (value < 0x800) return {static_cast<char>(0xC0 | (value >> 6)), tail(0)};
  if (value < 0x10000) return {static_cast<char>(0xE0 | (value >> 12)), tail(6), tail(0)};
  return {static_cast<char>(0xF0 | (value >> 18)), tail(12), tail(6), tail(0)};
}

bool is_surrogate(uint32_t value) { return value >= 0xD800 && value <= 0xDFFF; }

const std::string kReplacement = "\xEF\xBF\xBD";

}  // namespace

TEST_CASE("Every code point but the surrogates is read as what it is") {
  for (uint32_t value = 0; value <= 0x10FFFF; value += value < 0x3000 ? 1 : 37) {
    const std::string text = encoded(value);
    const CodePoint point = next_code_point(text + "rest");
    if (is_surrogate(value)) {
      REQUIRE_FALSE(point.well_formed);
      continue;
    }
    REQUIRE(point.well_formed);
    REQUIRE(point.value == value);
    REQUIRE(point.length == text.size());
    REQUIRE(is_valid_utf8(text));
  }
}

TEST_CASE("Surrogates, overlong forms, and what lies beyond U+10FFFF are not text") {
  for (uint32_t value = 0xD800; value <= 0xDFFF; ++value) REQUIRE_FALSE(is_valid_utf8(encoded(value)));
  for (const char* text :
       {"\xC0\x80", "\xC1\xBF", "\xE0\x80\x80", "\xE0\x9F\xBF", "\xF0\x80\x80\x80", "\xF0\x8F\xBF\xBF",
        "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xF8\x88\x80\x80\x80", "\xFE", "\xFF", "\x80", "\xBF"}) {
    CHECK_FALSE(is_valid_utf8(text));
    CHECK_FALSE(next_code_point(text).well_formed);
    CHECK(next_code_point(text).value == kReplacementCharacter);
  }
}

TEST_CASE("Cut text is not valid, wherever it is cut") {
  for (const std::string whole : {"\xC3\xA4", "\xE4\xBD\xA0", "\xF0\x9F\x98\x80"}) {
    CHECK(is_valid_utf8(whole));
    for (size_t length = 1; length < whole.size(); ++length) {
      CHECK_FALSE(is_valid_utf8(whole.substr(0, length)));
      CHECK(to_valid_utf8(whole.substr(0, length) + "A") == kReplacement + "A");
      CHECK(next_code_point(whole.substr(0, length)).length == length);
    }
  }
}

TEST_CASE("A wrong byte is found wherever it stands between plain letters") {
  for (size_t length = 1; length <= 40; ++length) {
    for (size_t at = 0; at < length; ++at) {
      std::string text(length, 'a');
      CHECK(is_valid_utf8(text));
      text[at] = '\xFF';
      CHECK_FALSE(is_valid_utf8(text));
    }
  }
}

TEST_CASE("Made valid, text keeps what was well-formed") {
  CHECK(to_valid_utf8("").empty());
  CHECK(to_valid_utf8("plain \xC3\xA4 \xF0\x9F\x98\x80") == "plain \xC3\xA4 \xF0\x9F\x98\x80");
  CHECK(to_valid_utf8("a\xFF\xFE"
                      "b") == "a" + kReplacement + kReplacement + "b");
  CHECK(to_valid_utf8("\xE4\xBD"
                      "A") == kReplacement + "A");
  CHECK(to_valid_utf8("\xC3(") == kReplacement + "(");
  CHECK(is_valid_utf8(to_valid_utf8("\xF0\x9F\xED\xA0\x80\x80\xC0")));
}

TEST_CASE("NUL is a letter like others") {
  const std::string text("a\0b", 3);
  CHECK(is_valid_utf8(text));
  CHECK(to_valid_utf8(text) == text);
}
