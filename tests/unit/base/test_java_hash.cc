// String.hashCode: every expected number was printed by a Java 17.
#include <catch2/catch.hpp>
#include <string>

#include "libstore/base/java_hash.h"
#include "libstore/base/utf8.h"

using namespace mqctl;

TEST_CASE("Known hashes, among them negative ones, the least, and text beyond the BMP") {
  const std::pair<const char*, int32_t> known[] = {{"", 0},
                                                   {"a", 97},
                                                   {"hello", 99162322},
                                                   {"TagA", 2598919},
                                                   {"Aa", 2112},
                                                   {"BB", 2112},
                                                   {"polygenelubricants", INT32_MIN},
                                                   {"TopicTest#0A0B", -1657778971},
                                                   {"\xC3\xA4", 228},                     // U+00E4
                                                   {"\xE4\xBD\xA0\xE5\xA5\xBD", 652829},  // U+4F60 U+597D
                                                   {"\xF0\x9F\x98\x80", 1772899},         // U+1F600: two surrogates
                                                   {"a\xF0\x9F\x98\x80"
                                                    "b",
                                                    57849694},
                                                   {"\xF0\x90\x80\x80", 1770496},  // U+10000
                                                   {"\xF4\x8F\xBF\xBF", 1803232},  // U+10FFFF
                                                   {"\xEF\xBF\xBD", 65533}};
  for (const auto& [text, hash] : known) {
    INFO(text);
    CHECK(java_string_hash(text) == hash);
  }
}

TEST_CASE("Bytes that are not text hash as what Java's decoder makes of them") {
  const std::pair<const char*, int32_t> known[] = {{"\xED\xA0\x80", 65533},  // a surrogate, encoded: one U+FFFD
                                                   {"\xED\xBF\xBF"
                                                    "A",
                                                    2031588},
                                                   {"\xED\xA0\x80\xED\xB0\x80", 2097056},
                                                   {"A\xED\xA0\x80"
                                                    "B",
                                                    2094054},
                                                   {"\xED\xA0", 65533},
                                                   {"\xED\xA0"
                                                    "A",
                                                    2031588},
                                                   {"\xED", 65533},
                                                   {"\xE0\x80\x80", 65074269},
                                                   {"\xC0\x80", 2097056},
                                                   {"\xF4\x90\x80\x80", 2017367872},
                                                   {"\xF0\x80\x80\x80", 2017367872},
                                                   {"\xF8\x88\x80\x80\x80", -1886039875},
                                                   {"\xE4\xBD", 65533},
                                                   {"\xE4\xBD"
                                                    "A",
                                                    2031588},
                                                   {"\xE4"
                                                    "AB",
                                                    62979294},
                                                   {"\xF0\x9F", 65533},
                                                   {"\xF0\x9F"
                                                    "A",
                                                    2031588},
                                                   {"\xF0\x9F\x98", 65533},
                                                   {"\xF0\x9F\x98"
                                                    "A",
                                                    2031588},
                                                   {"\xE0\xA0", 65533},
                                                   {"\xE0\x80", 2097056},
                                                   {"\x80", 65533},
                                                   {"\xFF"
                                                    "A",
                                                    2031588}};
  for (const auto& [text, hash] : known) {
    CAPTURE(std::string(text));
    CHECK(java_string_hash(text) == hash);
    CHECK(java_string_hash(to_valid_utf8(text)) == hash);
  }
}

TEST_CASE("A hash is continued: topic, separator, key") {
  const std::string topic = "Topic", key = "\xF0\x9F\x98\x80key";
  const int32_t whole = java_string_hash(topic + "#" + key);
  CHECK(java_string_hash(key, java_string_hash("#", java_string_hash(topic))) == whole);
  CHECK(java_string_hash("", whole) == whole);
}

TEST_CASE("Every length of plain text follows the definition") {
  uint32_t expected = 0;
  std::string text;
  for (int i = 0; i < 200; ++i) {
    const char c = static_cast<char>('!' + i % 90);
    text += c;
    expected = expected * 31 + static_cast<uint32_t>(c);
    REQUIRE(java_string_hash(text) == static_cast<int32_t>(expected));
  }
}
