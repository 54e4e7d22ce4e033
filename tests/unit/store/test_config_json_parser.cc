// The parser of configuration files against the library's own, which it stands in for, and how its time grows.
#include <algorithm>
#include <array>
#include <catch2/catch.hpp>
#include <ctime>
#include <random>
#include <string>
#include <vector>

#include "libstore/store/config_json_parser.h"

using namespace mqctl;

namespace {

// As the library reads it: the same tree, or no JSON for both.
void check_like_library(const std::string& text) {
  const ConfigJson expected = ConfigJson::parse(text, nullptr, /*allow_exceptions=*/false);
  const ConfigJson got = parse_config_json(text);
  const bool same = expected.is_discarded() ? got.is_discarded() : got.dump() == expected.dump();
  if (!same) FAIL(text);
}

// Objects and arrays whose members' names are few, so that many come twice, and now and then a byte that does not
// belong.
class RandomText {
 public:
  explicit RandomText(uint32_t seed) : random_(seed) {}

  std::string next() {
    std::string text = value(4);
    if (below(4) == 0) text[below(text.size())] = "{}[],:\"0e\\\xff"[below(11)];
    return text;
  }

 private:
  size_t below(size_t end) { return random_() % end; }

  std::string value(int depth) {
    static constexpr std::array<const char*, 10> kLeaves = {
        "1",           "-2", "18446744073709551615", "-9223372036854775808", "1.5e3", "true", "null", R"("é\n")",
        R"("\ud83d")", "{}"};
    if (depth == 0 || below(3) == 0) return kLeaves.at(below(kLeaves.size()));
    const bool object = below(4) > 0;
    std::string text(1, object ? '{' : '[');
    for (size_t count = below(12); count > 0; --count) {
      if (object) text += "\"" + std::string(1, static_cast<char>('a' + below(9))) + "\":";
      text += value(depth - 1);
      if (count > 1) text += ',';
    }
    return text + (object ? '}' : ']');
  }

  std::mt19937 random_;
};

// Members in no order, a tenth of them with a name that another has.
std::string crowded_object(size_t members) {
  std::mt19937 random(1);
  std::string text = "{";
  for (size_t i = 0; i < members; ++i) {
    text +=
        (i == 0 ? "\"Topic" : ",\"Topic") + std::to_string(random() % (members * 5)) + R"(":{"perm":6,"order":false})";
  }
  return text + "}";
}

double seconds_to_parse(const std::string& text) {
  std::array<double, 5> took{};
  for (double& one : took) {
    timespec begin{}, end{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &begin);
    CHECK(parse_config_json(text).is_object());
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &end);
    one = static_cast<double>(end.tv_sec - begin.tv_sec) + static_cast<double>(end.tv_nsec - begin.tv_nsec) * 1e-9;
  }
  std::nth_element(took.begin(), took.begin() + took.size() / 2, took.end());
  return took[took.size() / 2];
}

}  // namespace

TEST_CASE("a name that comes again gives its value to the first, and no place of its own") {
  CHECK(parse_config_json(R"({"b":1,"a":2,"b":3,"c":4,"a":{"x":1,"x":2},"b":5})").dump() ==
        R"({"b":5,"a":{"x":2},"c":4})");
  CHECK(parse_config_json(R"([{"a":1,"a":2},{"a":3}])").dump() == R"([{"a":2},{"a":3}])");
  CHECK(parse_config_json(R"({"a":{"old":[1,2]},"a":{}})").dump() == R"({"a":{}})");
}

TEST_CASE("a large object keeps its order, and counts its twins, too") {
  const std::string text = crowded_object(2000);
  check_like_library(text);
  CHECK(parse_config_json(text).size() < 2000);
}

TEST_CASE("any text is read as the library reads it, or refused as it does") {
  for (const char* text : {"",
                           " ",
                           "1",
                           "-0",
                           "0",
                           "1e999",
                           "-1e999",
                           "1.0",
                           "18446744073709551616",
                           "nul",
                           "\"\xff\"",
                           "{\"\xff\":1}",
                           "\xef\xbb\xbf{}",
                           "{} {}",
                           "{\"a\":}",
                           "{\"a\":1,}",
                           "[1,]",
                           "/**/1",
                           "\"\\u0000\"",
                           "\"\\ud800\"",
                           "{\"\":1,\"\":2}"}) {
    check_like_library(text);
  }
  RandomText random(20260131);
  for (int i = 0; i < 5000; ++i) check_like_library(random.next());
}

TEST_CASE("kinds of numbers are kept") {
  const ConfigJson json = parse_config_json("[1,-1,1.0]");
  CHECK((json[0].is_number_unsigned() && json[1].is_number_integer() && json[2].is_number_float()));
  CHECK_FALSE(json[1].is_number_unsigned());
}

TEST_CASE("what is nested as deep as it may be is read") {
  const std::string deep = std::string(kMaxJsonNesting, '[') + std::string(kMaxJsonNesting, ']');
  check_like_library(deep);
  CHECK(parse_lenient_json(deep).has_value());
}

TEST_CASE("eight times the members cost about eight times the time, not sixty-four times") {
  constexpr size_t kMembers = 4000;
  CHECK(seconds_to_parse(crowded_object(8 * kMembers)) < 24 * seconds_to_parse(crowded_object(kMembers)));
}
