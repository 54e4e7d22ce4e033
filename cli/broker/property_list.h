// PropertyList: a message's properties, to be changed and written again; without the checksum of the record that they
// come from, which is of that record alone. Views into what it was made from, and own texts for what was set.
#pragma once

#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "libstore/message/properties.h"

namespace mqctl {

class PropertyList {
 public:
  explicit PropertyList(std::string_view encoded) : items_(parse_properties(encoded)) { erase(property::kRecordCrc); }

  std::string_view get(std::string_view name) const {
    for (const PropertyItem& item : items_) {
      if (item.name == name) return item.value;
    }
    return {};
  }
  void set(std::string_view name, std::string value) {
    const std::string_view kept = texts_.emplace_back(std::move(value));
    for (PropertyItem& item : items_) {
      if (item.name == name) {
        item.value = kept;
        return;
      }
    }
    items_.push_back({texts_.emplace_back(name), kept});
  }
  void erase(std::string_view name) {
    std::erase_if(items_, [name](const PropertyItem& item) { return item.name == name; });
  }
  std::string encoded() const {
    std::string out;
    for (const PropertyItem& item : items_) {
      if (item.value.empty()) continue;
      out.append(item.name) += kNameValueSeparator;
      out.append(item.value) += kPropertySeparator;
    }
    return out;
  }

 private:
  std::vector<PropertyItem> items_;
  std::deque<std::string> texts_;
};

}  // namespace mqctl
