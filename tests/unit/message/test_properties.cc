#include <catch2/catch.hpp>
#include <map>
#include <random>

#include "libstore/base/bytes.h"
#include "libstore/message/properties.h"
#include "tests/unit/message/record_samples.h"

using namespace mqctl;
using namespace mqctl::test;

namespace {

using Items = std::vector<std::pair<std::string, std::string>>;

Items items_of(std::string_view properties) {
  Items items;
  for (const PropertyItem& item : parse_properties(properties)) items.emplace_back(item.name, item.value);
  return items;
}

// Apache's string2messageProperties line for line, with bytes for characters.
std::map<std::string, std::string> apache_parse(const std::string& text) {
  std::map<std::string, std::string> map;
  for (size_t index = 0; index < text.size();) {
    const size_t end = std::min(text.find('\x02', index), text.size());
    const size_t separator = text.find('\x01', index);
    if (end - index >= 3 && separator != std::string::npos && separator > index && separator < end - 1) {
      map[text.substr(index, separator - index)] = text.substr(separator + 1, end - separator - 1);
    }
    index = end + 1;
  }
  return map;
}

// Few letters, many separators, and the names that dispatch looks for.
std::string random_text(std::mt19937_64& random) {
  static const std::string pieces[] = {"\x01",     "\x02",  "\x01", "\x02", "a", "b", "TAGS", "KEYS",
                                       "UNIQ_KEY", "DELAY", "TAG",  " ",    "3", "é", "\xFF", std::string(1, '\0')};
  std::string text;
  for (uint64_t left = random() % 24; left > 0; --left) text += pieces[random() % std::size(pieces)];
  return text;
}

std::vector<std::string> keys_of(std::string_view text) {
  std::vector<std::string> keys;
  KeyCursor cursor(text);
  for (std::string_view key; cursor.next(key);) keys.emplace_back(key);
  return keys;
}

}  // namespace

TEST_CASE("Items are read with and without the last separator") {
  const Items expected = {{"TAGS", "TagA"}, {"KEYS", "K1 K2"}};
  CHECK(items_of(props("TAGS=TagA;KEYS=K1 K2;")) == expected);
  CHECK(items_of(props("TAGS=TagA;KEYS=K1 K2")) == expected);
}

TEST_CASE("Items without a name, a value or a separator are passed over") {
  CHECK(items_of("").empty());
  CHECK(items_of(props(";;;")).empty());
  CHECK(items_of(props("abc;=x;a=;=;==;")).empty());
  CHECK(items_of(props("abc;a=b;=x")) == Items{{"a", "b"}});
}

TEST_CASE("Further 0x01 belong to the value") {
  CHECK(items_of(props("a==;b=x=y")) == Items{{"a", props("=")}, {"b", props("x=y")}});
}

TEST_CASE("0x02 in a value splits it: the parser sees other items") {
  CHECK(items_of(props("a=x;y;b=p;q=r;")) == Items{{"a", "x"}, {"b", "p"}, {"q", "r"}});
}

TEST_CASE("Later duplicates win, at the place of the first") {
  const std::string text = props("a=1;b=2;a=3;");
  CHECK(items_of(text) == Items{{"a", "3"}, {"b", "2"}});
  CHECK(find_property(text, "a") == "3");
  CHECK_FALSE(find_property(text, "c").has_value());
}

TEST_CASE("A later duplicate without a value does not count") {
  const std::string text = props("TAGS=x;TAGS=;");
  CHECK(find_property(text, "TAGS") == "x");
  CHECK(dispatch_properties(text).tags == "x");
}

TEST_CASE("Names that contain or start another are other names") {
  const std::string text = props("MYTAGS=1;TAGS2=2;TAG=3;x=TAGS;");
  CHECK_FALSE(find_property(text, "TAGS").has_value());
  CHECK(dispatch_properties(text).tags.empty());
}

TEST_CASE("Dispatch finds its four properties in one walk") {
  const std::string text = props("DELAY=3;KEYS=k;TAGS=t;UNIQ_KEY=u");
  const DispatchProperties found = dispatch_properties(text);
  CHECK(found.tags == "t");
  CHECK(found.keys == "k");
  CHECK(found.delay == "3");
  CHECK(found.uniq_key == "u");
  CHECK(found.has_uniq_key);
  CHECK_FALSE(dispatch_properties(props("KEYS=k")).has_uniq_key);
}

TEST_CASE("Random texts are read as Apache's parser reads them") {
  constexpr uint64_t kSeed = 11;
  std::mt19937_64 random(kSeed);
  for (int round = 0; round < 50000; ++round) {
    const std::string text = random_text(random);
    const std::map<std::string, std::string> expected = apache_parse(text);
    const ExactBytes bytes(as_bytes(text));
    const std::string_view view = as_text(bytes.view());
    const Items found = items_of(view);
    const DispatchProperties dispatch = dispatch_properties(view);
    const auto value = [&](const char* name) { return expected.contains(name) ? expected.at(name) : ""; };
    const bool same =
        std::map<std::string, std::string>(found.begin(), found.end()) == expected && found.size() == expected.size() &&
        dispatch.tags == value("TAGS") && dispatch.keys == value("KEYS") && dispatch.delay == value("DELAY") &&
        dispatch.uniq_key == value("UNIQ_KEY") && dispatch.has_uniq_key == expected.contains("UNIQ_KEY") &&
        find_property(view, "a").value_or("") == value("a");
    if (!same) FAIL_CHECK("seed " << kSeed << " round " << round);
  }
}

TEST_CASE("What is appended is read back, also behind text without its last separator") {
  std::string text = props("old=1");
  REQUIRE(append_property(text, "new", "2").ok());
  REQUIRE(append_property(text, "third", props("a=b")).ok());
  CHECK(text == props("old=1;new=2;third=a=b;"));
  CHECK(items_of(text) == Items{{"old", "1"}, {"new", "2"}, {"third", props("a=b")}});
}

TEST_CASE("What would not be read back is refused, and nothing appended") {
  const std::pair<std::string, std::string> bad[] = {{"", "v"},          {"n", ""},          {props("n="), "v"},
                                                     {props("n;"), "v"}, {"n", props("v;")}, {props("="), "v"},
                                                     {"n", props(";")}};
  for (const auto& [name, value] : bad) {
    std::string text = props("kept=1");
    const Status status = append_property(text, name, value);
    REQUIRE_FALSE(status.ok());
    CHECK(status.code() == Errc::kInvalidArgument);
    CHECK(text == props("kept=1"));
  }
}

TEST_CASE("Random properties that are taken come back in order") {
  constexpr uint64_t kSeed = 12;
  std::mt19937_64 random(kSeed);
  for (int round = 0; round < 5000; ++round) {
    INFO("seed " << kSeed << " round " << round);
    std::string text;
    Items model;
    for (uint64_t left = random() % 8; left > 0; --left) {
      const std::string name = random_text(random), value = random_text(random);
      if (!append_property(text, name, value).ok()) continue;
      const auto same = std::find_if(model.begin(), model.end(), [&](const auto& item) { return item.first == name; });
      if (same == model.end())
        model.emplace_back(name, value);
      else
        same->second = value;
    }
    CHECK(items_of(text) == model);
  }
}

TEST_CASE("Keys are split at single spaces; empty ones are none") {
  using Keys = std::vector<std::string>;
  CHECK(keys_of("K1 K2") == Keys{"K1", "K2"});
  CHECK(keys_of(" a  b   c ") == Keys{"a", "b", "c"});
  CHECK(keys_of("").empty());
  CHECK(keys_of("  ").empty());
  CHECK(keys_of("tab\there") == Keys{"tab\there"});
  CHECK(keys_of("a#b a#b") == Keys{"a#b", "a#b"});
}
