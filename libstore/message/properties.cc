#include "libstore/message/properties.h"

#include <algorithm>
#include <cstring>

namespace mqctl {
namespace {

// The text up to the separator, which is taken off with it; all of it where there is none.
std::string_view take_until(std::string_view& rest, char separator) {
  const void* found = std::memchr(rest.data(), separator, rest.size());
  const size_t length =
      found == nullptr ? rest.size() : static_cast<size_t>(static_cast<const char*>(found) - rest.data());
  const std::string_view taken = rest.substr(0, length);
  rest.remove_prefix(std::min(rest.size(), length + 1));
  return taken;
}

}  // namespace

bool PropertyCursor::next(PropertyItem& item) {
  while (!rest_.empty()) {
    const std::string_view text = take_until(rest_, kPropertySeparator);
    const size_t separator = text.find(kNameValueSeparator);
    if (separator == std::string_view::npos || separator == 0 || separator + 1 == text.size()) continue;
    item = {text.substr(0, separator), text.substr(separator + 1)};
    return true;
  }
  return false;
}

std::optional<std::string_view> find_property(std::string_view properties, std::string_view name) {
  std::optional<std::string_view> value;
  PropertyCursor cursor(properties);
  for (PropertyItem item; cursor.next(item);) {
    if (item.name == name) value = item.value;
  }
  return value;
}

std::vector<PropertyItem> parse_properties(std::string_view properties) {
  std::vector<PropertyItem> items;
  PropertyCursor cursor(properties);
  for (PropertyItem item; cursor.next(item);) {
    const auto same =
        std::find_if(items.begin(), items.end(), [&](const PropertyItem& other) { return other.name == item.name; });
    if (same == items.end()) {
      items.push_back(item);
    } else {
      same->value = item.value;
    }
  }
  return items;
}

DispatchProperties dispatch_properties(std::string_view properties) {
  DispatchProperties found;
  PropertyCursor cursor(properties);
  for (PropertyItem item; cursor.next(item);) {
    if (item.name == property::kTags) found.tags = item.value;
    if (item.name == property::kKeys) found.keys = item.value;
    if (item.name == property::kDelay) found.delay = item.value;
    if (item.name == property::kUniqKey) {
      found.uniq_key = item.value;
      found.has_uniq_key = true;
    }
  }
  return found;
}

Status append_property(std::string& properties, std::string_view name, std::string_view value) {
  const auto refuse = [&](const char* why) {
    return Status::error(Errc::kInvalidArgument, "property '" + std::string(name) + "': " + why);
  };
  if (name.empty()) return refuse("the name is empty");
  if (value.empty()) return refuse("the value is empty, and would not be read back");
  if (name.find(kNameValueSeparator) != std::string_view::npos) return refuse("the name holds byte 0x01");
  if (name.find(kPropertySeparator) != std::string_view::npos) return refuse("the name holds byte 0x02");
  if (value.find(kPropertySeparator) != std::string_view::npos) return refuse("the value holds byte 0x02");
  if (!properties.empty() && properties.back() != kPropertySeparator) properties += kPropertySeparator;
  properties.append(name).append(1, kNameValueSeparator).append(value).append(1, kPropertySeparator);
  return {};
}

bool KeyCursor::next(std::string_view& key) {
  while (!rest_.empty()) {
    key = take_until(rest_, ' ');
    if (!key.empty()) return true;
  }
  return false;
}

}  // namespace mqctl
