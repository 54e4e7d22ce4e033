// Sizes, durations, times, ranges, and text made safe.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <random>

#include "cli/output/escape.h"
#include "cli/output/units.h"
#include "libstore/base/utf8.h"

namespace mqctl {
namespace {

constexpr EpochMs kNow(1767323045678);  // 2026-01-02T03:04:05.678Z

int64_t time_of(std::string_view text) {
  const Result<EpochMs> time = parse_time(text, kNow);
  INFO(text);
  REQUIRE(time.has_value());
  return time->value();
}

TEST_CASE("Sizes are read in both kinds of units") {
  CHECK(*parse_size("4096") == 4096);
  CHECK(*parse_size("500kB") == 500000);
  CHECK(*parse_size("64MiB") == 64u << 20);
  CHECK(*parse_size("1GiB") == 1u << 30);
  CHECK(*parse_size("2G") == 2u << 30);
  CHECK(*parse_size("7B") == 7);
  for (const char* wrong : {"", "MiB", "1XB", "-1", "1.5GiB", "1 GiB", "99999999999TiB", "18446744073709551616"}) {
    CHECK_FALSE(parse_size(wrong).has_value());
  }
}

TEST_CASE("Durations are sums of parts") {
  CHECK(parse_duration("250ms")->count() == 250);
  CHECK(parse_duration("1h30m")->count() == 5400000);
  CHECK(parse_duration("7d")->count() == 604800000);
  for (const char* wrong : {"", "5", "s", "1h30", "1x", "-1s", "99999999999999d"})
    CHECK_FALSE(parse_duration(wrong).has_value());
}

TEST_CASE("Times are read in every form, and written in one") {
  CHECK(time_of("2026-01-02T03:04:05.678Z") == kNow.value());
  CHECK(time_of("2026-01-02t03:04:05.678901z") == kNow.value());
  CHECK(time_of("2026-01-02 04:04:05.678+01:00") == kNow.value());
  CHECK(time_of("2026-01-01T22:04:05.678-0500") == kNow.value());
  CHECK(time_of("1767323045678") == kNow.value());
  CHECK(time_of("2026-01-02") == 1767312000000);
  CHECK(time_of("1969-12-31T23:59:59.999Z") == -1);
  CHECK(time_of("now") == kNow.value());
  CHECK(time_of("-1h") == kNow.value() - 3600000);
  for (const char* wrong : {"", "1767323045", "2026-13-01", "2026-02-30", "2026-01-02T25:00", "2026-01-02T03:04:05X",
                            "-1", "-", "yesterday"}) {
    CHECK_FALSE(parse_time(wrong, kNow).has_value());
  }
  CHECK(time_text(kNow, Zone::kUtc) == "2026-01-02T03:04:05.678Z");
  CHECK(time_text(EpochMs(-1), Zone::kUtc) == "1969-12-31T23:59:59.999Z");
  CHECK(time_text(EpochMs(INT64_MAX), Zone::kUtc) == std::to_string(INT64_MAX));
}

TEST_CASE("Random times come back as they were written") {
  std::mt19937_64 random(7);
  std::uniform_int_distribution<int64_t> any(-62167219200000, 253402300799999);
  for (int i = 0; i < 2000; ++i) {
    const int64_t time = any(random);
    CHECK(time_of(time_text(EpochMs(time), Zone::kUtc)) == time);
  }
}

TEST_CASE("Ranges are half-open, and open where nothing stands") {
  CHECK(parse_number_range("3..7")->holds(3));
  CHECK_FALSE(parse_number_range("3..7")->holds(7));
  CHECK(parse_number_range("3..")->holds(INT64_MAX - 1));
  CHECK(parse_number_range("..3")->holds(0));
  CHECK(parse_number_range("5")->holds(5));
  CHECK_FALSE(parse_number_range("5")->holds(6));
  for (const char* wrong : {"", "a..b", "7..3", "-1..2", "1...2"}) CHECK_FALSE(parse_number_range(wrong).has_value());
  CHECK(parse_time_range("-1h..now", kNow)->holds(kNow.value() - 1));
  CHECK(parse_time_range("-1h", kNow)->end == INT64_MAX);
  CHECK_FALSE(parse_time_range("now..-1h", kNow).has_value());
}

TEST_CASE("JSON strings are read back by another library, whatever is in them") {
  std::mt19937 random(11);
  for (int i = 0; i < 3000; ++i) {
    std::string text;
    for (size_t n = random() % 40; n > 0; --n) text += static_cast<char>(random() % (i % 2 == 0 ? 256 : 128));
    text = to_valid_utf8(text);
    std::string json;
    append_json_string(json, text);
    CHECK(nlohmann::json::parse(json).get<std::string>() == text);
    for (const char c : json) CHECK((static_cast<unsigned char>(c) >= 0x20 && c != 0x7F));
  }
}

TEST_CASE("Nothing that a terminal obeys stays in printable text") {
  CHECK(printable("a\x1b[2J\n\tb\x7f\xc2\x9b\xff") == "a\\x1b[2J\\n\\tb\\x7f\\xc2\\x9b\\xff");
  CHECK(printable("grün 主题 😀") == "grün 主题 😀");
  CHECK(printable("\xe2\x80\xae") == "\\xe2\\x80\\xae");
  std::string base64, hex;
  append_base64(base64, "Man");
  append_base64(base64, "Ma");
  append_base64(base64, "M");
  CHECK(base64 == "TWFuTWE=TQ==");
  append_hex(hex, std::string("\x00\xff", 2));
  CHECK(hex == "00ff");
}

}  // namespace
}  // namespace mqctl
