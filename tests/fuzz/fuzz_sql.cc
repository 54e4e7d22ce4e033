// SQL92 expressions, and their truth over properties that come with them: it is the same in parentheses, and what is
// true is not false.
#include <string>

#include "cli/broker/sql_filter.h"
#include "tests/fuzz/fuzz_input.h"
#include "tests/fuzz/require.h"

using namespace mqctl;

namespace {

bool true_of(const std::string& expression, std::string_view properties, bool otherwise) {
  const auto filter = SqlFilter::parse(expression);
  return filter ? (*filter)->matches(properties) : otherwise;  // nested too deeply, by then
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  test::FuzzInput input(data, size);
  const std::string expression(input.until("\n"));
  const std::string_view properties = as_text(input.rest());
  const auto filter = SqlFilter::parse(expression);
  if (!filter) return 0;
  const bool holds = (*filter)->matches(properties);
  const std::string inside = "(" + expression + ")";
  REQUIRE(true_of(inside, properties, holds) == holds);
  REQUIRE(true_of(inside + " AND " + inside, properties, holds) == holds);
  REQUIRE(true_of(inside + " OR " + inside, properties, holds) == holds);
  REQUIRE(!holds || !true_of("NOT " + inside, properties, false));
  return 0;
}
