#include "tests/unit/support/expected_listing.h"

#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>
#include <stdexcept>

#include "libstore/base/utf8.h"
#include "libstore/message/compression.h"
#include "libstore/message/message_id.h"
#include "libstore/message/properties.h"
#include "libstore/message/tags_code.h"
#include "tests/unit/support/golden_store.h"
#include "tests/unit/support/sha256.h"

namespace mqctl::test {
namespace {

using nlohmann::json;

constexpr size_t kPlainLimit = 64u << 20;

// `born` and `stored` are `born_ms` and `stored_ms` over again, as text.
const std::set<std::string>& known_fields() {
  static const std::set<std::string> fields = {
      "v",         "pos",       "file",       "blank",      "size",         "version",     "topic",  "queue",
      "qoff",      "msgid",     "uniq",       "tags",       "keys",         "born",        "stored", "born_ms",
      "stored_ms", "born_host", "store_host", "sysflag",    "flag",         "reconsume",   "crc",    "prepared_offset",
      "body_crc",  "tags_code", "body_size",  "plain_size", "plain_sha256", "body_sha256", "props"};
  return fields;
}

template <class T>
std::optional<T> maybe(const json& object, const char* name) {
  const auto found = object.find(name);
  return found == object.end() ? std::nullopt : std::optional<T>(found->get<T>());
}

void read_numbers(const json& object, ExpectedLine& line) {
  line.version = object.at("version");
  line.queue = object.at("queue");
  line.queue_offset = object.at("qoff");
  line.born_ms = object.at("born_ms");
  line.stored_ms = object.at("stored_ms");
  line.sys_flag = object.at("sysflag");
  line.flag = object.at("flag");
  line.reconsume = object.at("reconsume");
  line.prepared_offset = object.at("prepared_offset");
  line.body_crc = object.at("body_crc");
  line.tags_code = object.at("tags_code");
  line.body_size = object.at("body_size");
  line.plain_size = maybe<size_t>(object, "plain_size");
}

void read_texts(const json& object, ExpectedLine& line) {
  line.topic = object.at("topic");
  line.message_id = object.at("msgid");
  line.uniq = maybe<std::string>(object, "uniq");
  line.tags = maybe<std::string>(object, "tags");
  line.keys = maybe<std::vector<std::string>>(object, "keys");
  line.born_host = object.at("born_host");
  line.store_host = object.at("store_host");
  line.crc = object.at("crc");
  line.body_sha256 = object.at("body_sha256");
  line.plain_sha256 = object.value("plain_sha256", "");
  line.props = object.at("props").get<std::map<std::string, std::string>>();
}

ExpectedLine read_line(const json& object) {
  for (const auto& [name, value] : object.items()) {
    if (!known_fields().contains(name)) throw std::runtime_error("unknown field " + name);
  }
  ExpectedLine line;
  line.blank = object.value("blank", false);
  line.pos = object.at("pos");
  line.file = object.at("file");
  line.size = object.at("size");
  if (line.blank) return line;
  read_numbers(object, line);
  read_texts(object, line);
  return line;
}

// Collects what differs.
class Comparison {
 public:
  template <class T>
  void field(const char* name, const T& expected, const T& found) {
    if (expected == found) return;
    text_ << name << ": expected " << json(expected).dump() << ", found " << json(found).dump() << "; ";
  }
  template <class T>
  void field(const char* name, const std::optional<T>& expected, const std::optional<T>& found) {
    if (expected == found) return;
    const auto show = [](const std::optional<T>& value) { return value ? json(*value).dump() : "none"; };
    text_ << name << ": expected " << show(expected) << ", found " << show(found) << "; ";
  }
  std::string text() const { return text_.str(); }

 private:
  std::ostringstream text_;
};

std::optional<std::string> text_property(const MessageView& message, std::string_view name) {
  const std::optional<std::string_view> value = find_property(message.properties, name);
  return value ? std::optional<std::string>(to_valid_utf8(*value)) : std::nullopt;
}

std::optional<std::vector<std::string>> keys_of(const MessageView& message) {
  const std::optional<std::string_view> value = find_property(message.properties, property::kKeys);
  if (!value) return std::nullopt;
  std::vector<std::string> keys;
  KeyCursor cursor(*value);
  for (std::string_view key; cursor.next(key);) keys.push_back(to_valid_utf8(key));
  return keys;
}

std::map<std::string, std::string> props_of(const MessageView& message) {
  std::map<std::string, std::string> props;
  for (const PropertyItem& item : parse_properties(message.properties)) {
    props[to_valid_utf8(item.name)] = to_valid_utf8(item.value);
  }
  return props;
}

void compare_head(const ExpectedLine& line, const MessageView& message, Comparison& compare) {
  compare.field("size", line.size, static_cast<int64_t>(message.record.size()));
  compare.field("version", line.version, message.version);
  compare.field("topic", line.topic, to_valid_utf8(message.topic));
  compare.field("queue", line.queue, message.queue_id.value());
  compare.field("qoff", line.queue_offset, message.queue_offset.value());
  compare.field("pos", line.pos, message.physical_offset.value());
  compare.field("born_ms", line.born_ms, message.born.value());
  compare.field("stored_ms", line.stored_ms, message.stored.value());
  compare.field("born_host", line.born_host, to_string(message.born_host));
  compare.field("store_host", line.store_host, to_string(message.store_host));
  compare.field("sysflag", line.sys_flag, message.sys_flag);
  compare.field("flag", line.flag, message.flag);
  compare.field("reconsume", line.reconsume, message.reconsume_times);
  compare.field("prepared_offset", line.prepared_offset, message.prepared_transaction_offset.value());
  compare.field("body_crc", line.body_crc, message.body_crc);
  compare.field("msgid", line.message_id, offset_message_id(message.store_host, message.physical_offset));
}

void compare_properties(const ExpectedLine& line, const MessageView& message, Comparison& compare) {
  const DispatchProperties found = dispatch_properties(message.properties);
  compare.field("uniq", line.uniq, text_property(message, property::kUniqKey));
  compare.field("tags", line.tags, text_property(message, property::kTags));
  compare.field("keys", line.keys, keys_of(message));
  compare.field("props", line.props, props_of(message));
  compare.field("dispatched uniq", line.uniq.value_or(""), to_valid_utf8(found.uniq_key));
  compare.field("has uniq", line.uniq.has_value(), found.has_uniq_key);
  compare.field("dispatched tags", line.tags.value_or(""), to_valid_utf8(found.tags));
  compare.field("dispatched keys", text_property(message, property::kKeys).value_or(""), to_valid_utf8(found.keys));
  compare.field("tags_code", line.tags_code, tags_code_of(message, found, golden_delay_levels()));
}

void compare_body(const ExpectedLine& line, const MessageView& message, Comparison& compare) {
  compare.field("crc", line.crc, std::string("ok"));
  compare.field("body_size", line.body_size, message.body.size());
  compare.field("body_sha256", line.body_sha256, sha256_hex(message.body));
  const Result<CompressionType> type = compression_of(message.sys_flag);
  compare.field("compressed", line.plain_size.has_value(), type && *type != CompressionType::kNone);
  if (!line.plain_size || !type) return;
  const Result<std::string> plain = decompress(*type, message.body, kPlainLimit);
  compare.field("decompressed", true, plain.has_value());
  if (!plain) return;
  compare.field("plain_size", *line.plain_size, plain->size());
  compare.field("plain_sha256", line.plain_sha256, sha256_hex(as_bytes(*plain)));
}

}  // namespace

ExpectedListing load_expected_listing(std::string_view set) {
  ExpectedListing listing;
  std::ifstream file(golden_path(std::string(set) + ".expected.jsonl"));
  if (!file) throw std::runtime_error("no listing of " + std::string(set));
  for (std::string text; std::getline(file, text);) {
    const json object = json::parse(text);
    if (object.contains("end")) {
      listing.end = object.at("end");
    } else {
      listing.lines.push_back(read_line(object));
    }
  }
  return listing;
}

const DelayLevelTable& golden_delay_levels() {
  static const DelayLevelTable table =
      *DelayLevelTable::parse("1s 2s 5s 30s 1m 2m 3m 4m 5m 6m 7m 8m 9m 10m 20m 30m 1h 2h");
  return table;
}

std::string differences(const ExpectedLine& line, const MessageView& message) {
  Comparison compare;
  compare_head(line, message, compare);
  compare_properties(line, message, compare);
  compare_body(line, message, compare);
  return compare.text();
}

}  // namespace mqctl::test
