#include <catch2/catch.hpp>
#include <string>

#include "libstore/store/lenient_json.h"
#include "tests/unit/support/golden_store.h"

using namespace mqctl;

namespace {

std::string quoted(std::string_view text) {
  Result<std::string> strict = quote_integer_keys(text);
  REQUIRE(strict.has_value());
  return *strict;
}

}  // namespace

TEST_CASE("integer keys get quotes, wherever objects begin or go on") {
  CHECK(quoted("{0:12,1:15}") == R"({"0":12,"1":15})");
  CHECK(quoted("{\n\t1 : 17,\n\t-2:6\n}") == "{\n\t\"1\" : 17,\n\t\"-2\":6\n}");
  CHECK(quoted(R"({"a":{0:1},"b":[{2:3},{4:5}]})") == R"({"a":{"0":1},"b":[{"2":3},{"4":5}]})");
}

TEST_CASE("what is no integer key stays as it is") {
  for (const char* text : {R"({"0":1})", "[1,2,3]", R"({"a":[1,2]})", R"(["{0:1}"])", R"({"a\"{0:1":2})", "", "12",
                           R"({"a":1,"b":{"c":-2}})"}) {
    CHECK(quoted(text) == text);
  }
}

TEST_CASE("text that is cut off is copied as far as it goes") {
  for (const char* text : {"{", "{0", "\"abc", "\"abc\\", "{\"a", "{-", "}", "]", "}}{"}) CHECK(quoted(text) == text);
}

TEST_CASE("nesting is bounded before anything recurses") {
  CHECK(quote_integer_keys(std::string(kMaxJsonNesting, '[')).has_value());
  const std::string deep(static_cast<size_t>(kMaxJsonNesting) + 1, '{');
  CHECK(quote_integer_keys(deep).error().code() == Errc::kCorruption);
  CHECK(parse_lenient_json(std::string(10000000, '[')).error().code() == Errc::kCorruption);
}

TEST_CASE("lenient text is read like strict text") {
  Result<ConfigJson> json = parse_lenient_json(R"({"offsetTable":{"T@G":{0:12,1:15}}})");
  REQUIRE(json.has_value());
  CHECK((*json)["offsetTable"]["T@G"]["1"] == 15);
}

TEST_CASE("what is no JSON is corrupt, not fatal") {
  for (const char* text : {"", "{", "{0:}", "{a:1}", "nul", "{\"a\":1e999}", "\xff\xfe", "{\"\xff\":1}", "{} {}"}) {
    INFO(text);
    Result<ConfigJson> json = parse_lenient_json(text);
    REQUIRE_FALSE(json.has_value());
    CHECK(json.error().code() == Errc::kCorruption);
  }
}

TEST_CASE("members keep their order when a file is written back") {
  Result<ConfigJson> json = parse_lenient_json(R"({"z":1,"a":{"y":2,"b":3}})");
  REQUIRE(json.has_value());
  CHECK(write_config_json(*json) == "{\n\t\"z\": 1,\n\t\"a\": {\n\t\t\"y\": 2,\n\t\t\"b\": 3\n\t}\n}");
}

namespace {

// The JSON files that a genuine broker left in config/.
std::vector<std::string> config_files(const test::GoldenStore& store) {
  std::vector<std::string> texts;
  Result<std::vector<DirectoryEntry>> entries = posix_file_system().list(store.path("config"));
  REQUIRE(entries.has_value());
  for (const DirectoryEntry& entry : *entries) {
    if (!entry.name.ends_with(".json")) continue;
    texts.emplace_back(as_text(store.read("config/" + entry.name)));
  }
  return texts;
}

}  // namespace

TEST_CASE("every file that brokers wrote is read") {
  for (const char* name : test::kGoldenSets) {
    const test::GoldenStore store(name);
    for (const std::string& text : config_files(store)) {
      Result<ConfigJson> json = parse_lenient_json(text);
      REQUIRE(json.has_value());
      CHECK(json->is_object());
      CHECK(*json == ConfigJson::parse(*quote_integer_keys(text)));
      CHECK(ConfigJson::parse(write_config_json(*json)) == *json);
    }
  }
}

TEST_CASE("every cut and every flipped byte of brokers' files is read or refused", "[exhaustive]") {
  const test::GoldenStore store("apache-5.5.0-mixed");
  for (const std::string& text : config_files(store)) {
    for (size_t at = 0; at < text.size(); ++at) {
      std::string changed = text;
      changed[at] = static_cast<char>(changed[at] ^ (1 << (at % 8)));
      for (const std::string& harmed : {text.substr(0, at), changed}) {
        Result<ConfigJson> json = parse_lenient_json(harmed);
        if (!json && json.error().code() != Errc::kCorruption) FAIL(json.error().to_string());
      }
    }
  }
}
