// SQL92 filters: the grammar, three-valued truth, and expressions that are none.
#include <catch2/catch.hpp>
#include <string>

#include "cli/broker/sql_filter.h"

namespace mqctl {
namespace {

const std::string kProperties =
    "a\1"
    "5\2region\1hangzhou\2on\1true\2price\1"
    "10.5\2name\1it's\2empty_like\1x\2";

bool matches(std::string_view expression) {
  const auto filter = SqlFilter::parse(expression);
  INFO(expression);
  REQUIRE(filter.has_value());
  return (*filter)->matches(kProperties);
}

std::string fault(std::string_view expression) {
  const auto filter = SqlFilter::parse(expression);
  INFO(expression);
  REQUIRE_FALSE(filter.has_value());
  CHECK(filter.error().code() == Errc::kInvalidArgument);
  return filter.error().message();
}

TEST_CASE("SQL: comparisons of numbers and texts") {
  CHECK(matches("a = 5"));
  CHECK(matches("a > 4 AND a < 6"));
  CHECK(matches("a >= 5 and a <= 5.0"));
  CHECK_FALSE(matches("a <> 5"));
  CHECK(matches("price > 10"));
  CHECK(matches("region = 'hangzhou'"));
  CHECK_FALSE(matches("region = 'Hangzhou'"));
  CHECK(matches("region <> 'beijing'"));
  CHECK(matches("name = 'it''s'"));
}

TEST_CASE("SQL: between, in, null, tests of texts") {
  CHECK(matches("a BETWEEN 1 AND 5"));
  CHECK_FALSE(matches("a NOT BETWEEN 1 AND 5"));
  CHECK(matches("region IN ('beijing', 'hangzhou')"));
  CHECK(matches("region NOT IN ('beijing')"));
  CHECK(matches("missing IS NULL"));
  CHECK(matches("a IS NOT NULL"));
  CHECK(matches("region CONTAINS 'gzh'"));
  CHECK(matches("region STARTSWITH 'hang'"));
  CHECK(matches("region NOT ENDSWITH 'x'"));
}

TEST_CASE("SQL: what is missing makes a comparison unknown, which is no match either way") {
  CHECK_FALSE(matches("missing = 1"));
  CHECK_FALSE(matches("NOT missing = 1"));
  CHECK_FALSE(matches("missing <> 1"));
  CHECK_FALSE(matches("missing BETWEEN 1 AND 2"));
  CHECK_FALSE(matches("missing IN ('a')"));
  CHECK(matches("missing = 1 OR a = 5"));
  CHECK_FALSE(matches("missing = 1 AND a = 5"));
  CHECK_FALSE(matches("region > 5"));
}

TEST_CASE("SQL: truth, precedence, case of keywords, brackets") {
  CHECK(matches("TRUE"));
  CHECK_FALSE(matches("false"));
  CHECK(matches("on"));
  CHECK(matches("on = TRUE"));
  CHECK(matches("a = 1 AND a = 2 OR a = 5"));
  CHECK_FALSE(matches("a = 1 AND (a = 2 OR a = 5)"));
  CHECK(matches("not (a = 1)"));
  CHECK(matches("NOT NOT a = 5"));
}

TEST_CASE("SQL: what is no expression is refused with its place") {
  CHECK(fault("") == "column 1: the expression ends too early");
  for (const char* wrong :
       {"a =",     "= 5",    "a = 'open", "a BETWEEN 1",  "a BETWEEN 1 OR 2", "a IN ()",    "a IN (1)",
        "a IS 5",  "(a = 1", "a = 1)",    "a ! 1",        "a = 1 b = 2",      "AND",        "a > 'text'",
        "a NOT 5", "5",      "'text'",    "a CONTAINS 5", "a LIKE 'x%'",      "1 IN ('a')", "a = -'x'"}) {
    CHECK_FALSE(fault(wrong).empty());
  }
  CHECK(fault(std::string(5000, '(') + "a = 1").find("deep") != std::string::npos);
  CHECK(fault(std::string(100000, 'a')).find("long") != std::string::npos);
}

TEST_CASE("SQL: every cut and every changed byte of an expression is judged without harm") {
  const std::string whole = "(a > 4 AND region IN ('x', 'hangzhou')) OR NOT on = TRUE AND missing IS NOT NULL";
  int sound = 0;
  for (size_t length = 0; length <= whole.size(); ++length)
    sound += SqlFilter::parse(whole.substr(0, length)).has_value();
  CHECK(sound >= 2);
  for (size_t at = 0; at < whole.size(); ++at) {
    for (int byte = 1; byte < 256; byte += 7) {
      std::string changed = whole;
      changed[at] = static_cast<char>(byte);
      const auto filter = SqlFilter::parse(changed);
      if (filter) (void)(*filter)->matches(kProperties);
    }
  }
}

}  // namespace
}  // namespace mqctl
