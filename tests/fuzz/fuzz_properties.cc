// Any bytes as properties: the one-walk finders agree with the full list, and the list survives being written again.
#include "libstore/message/properties.h"
#include "tests/fuzz/require.h"

using namespace mqctl;

namespace {

std::string write_again(const std::vector<PropertyItem>& items) {
  std::string text;
  for (const PropertyItem& item : items) REQUIRE(append_property(text, item.name, item.value).ok());
  return text;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::vector<PropertyItem> items = parse_properties(text);
  const DispatchProperties dispatch = dispatch_properties(text);
  REQUIRE(find_property(text, property::kTags).value_or("") == dispatch.tags);
  REQUIRE(find_property(text, property::kDelay).value_or("") == dispatch.delay);
  REQUIRE(find_property(text, property::kUniqKey).has_value() == dispatch.has_uniq_key);
  for (const PropertyItem& item : items) REQUIRE(find_property(text, item.name) == item.value);
  const std::string again = write_again(items);
  const std::vector<PropertyItem> same = parse_properties(again);
  REQUIRE(same.size() == items.size());
  for (size_t i = 0; i < items.size(); ++i) {
    REQUIRE(same[i].name == items[i].name && same[i].value == items[i].value);
  }
  KeyCursor keys(dispatch.keys);
  for (std::string_view key; keys.next(key);) REQUIRE(!key.empty() && key.find(' ') == std::string_view::npos);
  return 0;
}
