// A message's properties: `name 0x01 value 0x02` repeated, UTF-8, no escaping (docs/store-format.md). Releases before
// 5.2.0 leave out the last 0x02; both are read. Views point into the given bytes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "libstore/base/result.h"

namespace mqctl {

inline constexpr char kNameValueSeparator = '\x01';
inline constexpr char kPropertySeparator = '\x02';

namespace property {
inline constexpr std::string_view kTags = "TAGS";
inline constexpr std::string_view kKeys = "KEYS";
inline constexpr std::string_view kUniqKey = "UNIQ_KEY";
inline constexpr std::string_view kWait = "WAIT";
inline constexpr std::string_view kDelay = "DELAY";
inline constexpr std::string_view kRealTopic = "REAL_TOPIC";
inline constexpr std::string_view kRealQueueId = "REAL_QID";
inline constexpr std::string_view kInnerNum = "INNER_NUM";
inline constexpr std::string_view kInnerBase = "INNER_BASE";
inline constexpr std::string_view kInnerMultiDispatch = "INNER_MULTI_DISPATCH";
inline constexpr std::string_view kInnerMultiQueueOffset = "INNER_MULTI_QUEUE_OFFSET";
inline constexpr std::string_view kRecordCrc = "__CRC32#";
}  // namespace property

struct PropertyItem {
  std::string_view name;
  std::string_view value;
};

// Walks the items as Apache's parser keeps them: at least 3 bytes, 0x01 not first, value not empty.
// Duplicates come as they stand; later ones win.
class PropertyCursor {
 public:
  explicit PropertyCursor(std::string_view properties) : rest_(properties) {}
  bool next(PropertyItem& item);

 private:
  std::string_view rest_;
};

// The value that wins, or none. Allocates nothing.
std::optional<std::string_view> find_property(std::string_view properties, std::string_view name);

// All items, in order of first appearance, later duplicates winning.
std::vector<PropertyItem> parse_properties(std::string_view properties);

// What a single pass finds for dispatch: tags, keys, unique key, delay, all in one walk.
struct DispatchProperties {
  std::string_view tags, keys, uniq_key, delay;
  bool has_uniq_key = false;
};
DispatchProperties dispatch_properties(std::string_view properties);

// Appends `name 0x01 value 0x02`. kInvalidArgument for an empty name, an empty value (Apache's parser drops it), or
// one that holds 0x01 (name) or 0x02, which would not be read back.
Status append_property(std::string& properties, std::string_view name, std::string_view value);

// The non-empty tokens of a KEYS value, split at single spaces.
class KeyCursor {
 public:
  explicit KeyCursor(std::string_view keys) : rest_(keys) {}
  bool next(std::string_view& key);

 private:
  std::string_view rest_;
};

}  // namespace mqctl
