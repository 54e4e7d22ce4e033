#include <catch2/catch.hpp>

#include "libstore/message/delay_level.h"

using namespace mqctl;

TEST_CASE("The default table has 18 levels") {
  const DelayLevelTable& table = DelayLevelTable::defaults();
  CHECK(table.max_level() == 18);
  CHECK(table.delay_ms(1) == 1000);
  CHECK(table.delay_ms(2) == 5000);
  CHECK(table.delay_ms(5) == 60000);
  CHECK(table.delay_ms(18) == 7200000);
}

TEST_CASE("Levels beyond the table wait a second; clamping takes them to the last") {
  const DelayLevelTable& table = DelayLevelTable::defaults();
  for (const int level : {-1, 0, 19, INT32_MAX, INT32_MIN}) CHECK(table.delay_ms(level) == kUnknownDelayMs);
  CHECK(table.clamp(19) == 18);
  CHECK(table.clamp(18) == 18);
  CHECK(table.clamp(-3) == -3);
}

TEST_CASE("Every unit, and blanks between words as many as you like") {
  const Result<DelayLevelTable> table = DelayLevelTable::parse("  3s 2m   1h 7d ");
  REQUIRE(table.has_value());
  CHECK(table->max_level() == 4);
  CHECK(table->delay_ms(1) == 3000);
  CHECK(table->delay_ms(2) == 120000);
  CHECK(table->delay_ms(3) == 3600000);
  CHECK(table->delay_ms(4) == 7 * 86400000ll);
}

TEST_CASE("A word that is no delay is named") {
  for (const char* word : {"5", "s", "5x", "s5", "-1s", "1.5s", "5ss", "99999999999d", "99999999999999999999s"}) {
    const Result<DelayLevelTable> table = DelayLevelTable::parse("1s " + std::string(word) + " 3s");
    REQUIRE_FALSE(table.has_value());
    CHECK(table.error().code() == Errc::kInvalidArgument);
    CHECK(table.error().message() == "not a delay: '" + std::string(word) + "'");
  }
}
