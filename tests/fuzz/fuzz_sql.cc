// SQL92 expressions, and their truth over properties that come with them.
#include <string_view>

#include "cli/broker/sql_filter.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const size_t half = text.find('\n');
  const auto filter = mqctl::SqlFilter::parse(text.substr(0, half));
  if (filter) (void)(*filter)->matches(half == text.npos ? "" : text.substr(half + 1));
  return 0;
}
