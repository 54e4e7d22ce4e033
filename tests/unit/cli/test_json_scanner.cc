#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <random>
#include <string>

#include "cli/output/json_scanner.h"

namespace mqctl {
namespace {

// Strings, nested values, escapes, numbers, blanks: what the fast paths have branches for.
const char* const kSamples[] = {
    R"({"v":1,"topic":"orders","props":{"KEYS":"a b","x":"\u00e9\ud83d\ude00"},"keys":["a","b"],"body":"hello"})",
    R"({ "a" : -0.5e+10 , "b" : [ true , false , null , {} , [] , "" ] , "c" : 123456789012 })",
    R"("a string of more than eight bytes \" \\ \/ \b \f \n \r \t \u0000 end")",
    "[\"\u0416\u0443\u043a\", \"\xf0\x9f\x98\x80\", \"plain ascii text that is long enough for words\"]",
    "0",
    "-1",
    "10.25",
    "1E5",
    " true ",
    "null",
    "{}",
    "[]",
    R"([[[[[["deep"]]]]]])",
};

bool accepts(std::string text) {
  JsonScanner scanner(text);
  return scanner.skip() && scanner.at_end();
}

// nlohmann_json takes a NUL byte for the end of its input, and a number that is no double for an error.
bool comparable(const std::string& text) {
  if (text.find('\0') != std::string::npos) return false;
  try {
    return !nlohmann::json::parse(text).is_discarded();
  } catch (const nlohmann::json::out_of_range&) {
    return false;
  } catch (const nlohmann::json::parse_error&) {
    return true;
  }
}

void compare(const std::string& text) {
  if (!comparable(text)) return;
  INFO(text);
  CHECK(accepts(text) == nlohmann::json::accept(text));
}

std::string read_string(std::string text) {
  JsonScanner scanner(text);
  std::string_view value;
  REQUIRE(scanner.string(value));
  REQUIRE(scanner.at_end());
  return std::string(value);
}

TEST_CASE("EverySampleIsAcceptedAsTheOracleAcceptsIt") {
  for (const char* sample : kSamples) {
    CHECK(accepts(sample));
    compare(sample);
  }
}

TEST_CASE("EveryCutIsJudgedAsTheOracleJudgesIt") {
  for (const std::string sample : kSamples) {
    for (size_t length = 0; length < sample.size(); ++length) compare(sample.substr(0, length));
  }
}

TEST_CASE("EveryChangedByteIsJudgedAsTheOracleJudgesIt") {
  for (const std::string sample : kSamples) {
    for (size_t at = 0; at < sample.size(); ++at) {
      for (int byte = 1; byte < 256; ++byte) {
        std::string changed = sample;
        changed[at] = static_cast<char>(byte);
        if (changed.starts_with("\xEF\xBB")) continue;  // the oracle takes a byte-order mark
        if (accepts(changed) != nlohmann::json::accept(changed)) compare(changed);
      }
    }
  }
}

TEST_CASE("StringsAreReadAsTheOracleReadsThem") {
  std::mt19937 random(20260102);
  INFO("seed 20260102");
  for (int round = 0; round < 2000; ++round) {
    std::string plain;
    for (size_t i = random() % 40; i > 0; --i) {
      const uint32_t kind = random() % 4;
      if (kind == 0) plain += static_cast<char>(random() % 128);
      if (kind == 1) plain += "\xD0\x96";
      if (kind == 2) plain += "\xF0\x9F\x98\x80";
      if (kind == 3) plain += "abcdefghij";
    }
    const bool ascii = random() % 2 == 0;
    CHECK(read_string(nlohmann::json(plain).dump(-1, ' ', ascii)) == plain);
  }
}

TEST_CASE("NestingIsBounded") {
  const auto nested = [](size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  CHECK(accepts(nested(JsonScanner::kMaxNesting)));
  CHECK_FALSE(accepts(nested(JsonScanner::kMaxNesting + 1)));
  CHECK_FALSE(accepts(std::string(1000000, '[')));
}

TEST_CASE("IntegersKeepAllTheirBits") {
  const auto read = [](std::string text) -> std::optional<int64_t> {
    JsonScanner scanner(text);
    int64_t value = 0;
    return scanner.integer(value) && scanner.at_end() ? std::optional(value) : std::nullopt;
  };
  CHECK(read("9223372036854775807") == INT64_MAX);
  CHECK(read("-9223372036854775808") == INT64_MIN);
  CHECK(read("9223372036854775808") == std::nullopt);
  CHECK(read("1.0") == std::nullopt);
  CHECK(read("01") == std::nullopt);
}

TEST_CASE("FaultsNameTheColumn") {
  std::string text = R"({"a":1,"b":x})";
  JsonScanner scanner(text);
  CHECK_FALSE(scanner.skip());
  CHECK(scanner.column() == 12);
  CHECK(scanner.error() == "a number is expected");
}

std::optional<std::string> decode(std::string text) {
  std::string_view view = text;
  if (!decode_base64_in_place(view)) return std::nullopt;
  return std::string(view);
}

TEST_CASE("Base64IsDecodedInPlace") {
  CHECK(decode("") == "");
  CHECK(decode("Zg==") == "f");
  CHECK(decode("Zm8=") == "fo");
  CHECK(decode("Zm9v") == "foo");
  CHECK(decode("Zm9vYg==") == "foob");
  CHECK(decode("//79AA==") == std::string("\xFF\xFE\xFD\0", 4));
}

TEST_CASE("WrongBase64IsRefused") {
  for (const char* text : {"Z", "Zg", "Zg=", "Zh==", "Zm9=", "Z===", "====", "Zm 9v", "Zm9v\n", "Zm9-", "Zg==Zg=="}) {
    INFO(text);
    CHECK(decode(text) == std::nullopt);
  }
}

}  // namespace
TEST_CASE("text that no Unicode has is refused, or marked where that is asked for") {
  const auto read = [](std::string text, BadText bad_text) -> std::string {
    JsonScanner scanner(text, bad_text);
    std::string_view value;
    return scanner.string(value) && scanner.at_end() ? std::string(value) : "refused";
  };
  const std::pair<const char*, const char*> cases[] = {
      {R"("a\ud800b")",
       "a\xEF\xBF\xBD"
       "b"},
      {R"("\udc00")", "\xEF\xBF\xBD"},
      {R"("\ud800\u0041")",
       "\xEF\xBF\xBD"
       "A"},
      {R"("\ud800\ud83d\ude00")", "\xEF\xBF\xBD\xF0\x9F\x98\x80"},
      {R"("\ud800")", "\xEF\xBF\xBD"},
      {"\"a\xFF"
       "b\"",
       "a?b"},
      {"\"\xE2\x82\"", "??"},
      {"\"\xED\xA0\x80x\"", "???x"},
  };
  for (const auto& [text, marked] : cases) {
    CHECK(read(text, BadText::kRefuse) == "refused");
    CHECK(read(text, BadText::kReplace) == marked);
  }
  CHECK(read(R"("\ud83d\ude00")", BadText::kReplace) == "\xF0\x9F\x98\x80");
  CHECK(read(R"("\ud800\uZZZZ")", BadText::kReplace) == "refused");
}

}  // namespace mqctl
