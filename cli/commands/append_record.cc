#include "cli/commands/append_record.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <utility>

#include "cli/output/units.h"
#include "libstore/message/compression.h"
#include "libstore/message/delay_level.h"
#include "libstore/message/properties.h"
#include "libstore/message/record_layout.h"
#include "libstore/message/system_flag.h"

namespace mqctl {
namespace {

Status wrong(std::string why) { return Status::error(Errc::kInvalidArgument, std::move(why)); }

bool is_blank(std::span<const char> line) {
  return std::all_of(line.begin(), line.end(), [](char c) { return c == ' ' || c == '\t' || c == '\r'; });
}

bool is_number(std::string_view text, int64_t lowest, int64_t highest) {
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() && value >= lowest && value <= highest;
}

// `2026-01-02T03:04:05.678Z`, the one form that dump writes; anything else is left to the general reader.
std::optional<EpochMs> dumped_time(std::string_view text) {
  constexpr std::string_view kForm = "0000-00-00T00:00:00.000Z";
  if (text.size() != kForm.size()) return std::nullopt;
  for (size_t i = 0; i < kForm.size(); ++i) {
    const bool digit = text[i] >= '0' && text[i] <= '9';
    if (kForm[i] == '0' ? !digit : text[i] != kForm[i]) return std::nullopt;
  }
  const auto at = [text](size_t from, size_t count) {
    int value = 0;
    for (size_t i = from; i < from + count; ++i) value = value * 10 + (text[i] - '0');
    return value;
  };
  const std::chrono::year_month_day day(std::chrono::year(at(0, 4)),
                                        std::chrono::month(static_cast<unsigned>(at(5, 2))),
                                        std::chrono::day(static_cast<unsigned>(at(8, 2))));
  if (!day.ok() || at(11, 2) > 23 || at(14, 2) > 59 || at(17, 2) > 59) return std::nullopt;
  const int64_t days = std::chrono::sys_days(day).time_since_epoch().count();
  const int64_t seconds = ((days * 24 + at(11, 2)) * 60 + at(14, 2)) * 60 + at(17, 2);
  return EpochMs(seconds * 1000 + at(20, 3));
}

// The items of a property string as they stand, but for the checksum that newer brokers append.
std::string without_record_crc(std::string_view properties) {
  std::string kept;
  while (!properties.empty()) {
    const size_t end = std::min(properties.find(kPropertySeparator), properties.size() - 1) + 1;
    const std::string_view item = properties.substr(0, end);
    const std::string_view name = item.substr(0, item.find(kNameValueSeparator));
    if (name != property::kRecordCrc) kept += item;
    properties.remove_prefix(end);
  }
  return kept;
}

bool same_keys(std::string_view joined, const std::vector<std::string_view>& keys) {
  KeyCursor cursor(joined);
  std::string_view key;
  for (const std::string_view expected : keys) {
    if (!cursor.next(key) || key != expected) return false;
  }
  return !cursor.next(key);
}

Result<HostAddress> host_of(const std::optional<std::string_view>& text, const HostAddress& otherwise) {
  if (!text) return otherwise;
  const std::optional<HostAddress> host = parse_host(*text);
  if (host) return *host;
  return wrong("\"born_host\" is no ADDRESS:PORT: " + std::string(*text));
}

Result<CompressionType> compression_named(std::string_view name) {
  for (const auto type :
       {CompressionType::kNone, CompressionType::kZlib, CompressionType::kLz4, CompressionType::kZstd}) {
    if (compression_name(type) == name) return type;
  }
  return wrong("\"compressed\" is none of zlib, lz4, zstd");
}

}  // namespace

Status check_topic_name(std::string_view topic) {
  if (topic.empty()) return wrong("the topic is empty");
  const bool path = topic == "." || topic == ".." || topic.find('/') != std::string_view::npos ||
                    topic.find('\0') != std::string_view::npos;
  return path ? wrong("not a topic: its queues could have no directory of that name") : Status();
}

Status check_numbers(std::string_view topic, std::string_view properties) {
  // Almost no record has one of these: one search each is cheaper than taking the string apart.
  const bool schedule = topic == kScheduleTopic;
  if (!schedule && properties.find("INNER_") == std::string_view::npos) return {};
  for (const std::string_view name : {property::kInnerNum, property::kInnerBase, property::kDelay}) {
    if (name == property::kDelay && !schedule) continue;
    const std::optional<std::string_view> value = find_property(properties, name);
    const bool wide = name == property::kInnerBase;
    if (!value || is_number(*value, wide ? INT64_MIN : INT32_MIN, wide ? INT64_MAX : INT32_MAX)) continue;
    return wrong("property " + std::string(name) + " is no number: a broker could not read its log past this record");
  }
  return {};
}

Result<RecordLine> RecordReader::read(std::span<char> line, MessageDraft& draft) {
  if (is_blank(line)) return RecordLine::kBlank;
  if (Status status = reader_.read(line, fields_); !status.ok()) return status;
  if (fields_.finding) return RecordLine::kFinding;
  if (Status status = fill(draft); !status.ok()) return status;
  return RecordLine::kMessage;
}

Status RecordReader::fill(MessageDraft& draft) {
  if (fields_.truncated) return wrong("the body was cut when the record was written (\"truncated\":true)");
  draft = MessageDraft{};
  draft.queue_id = QueueId(static_cast<int32_t>(fields_.queue.value_or(0)));
  draft.flag = static_cast<int32_t>(fields_.flag.value_or(0));
  draft.sys_flag =
      static_cast<int32_t>(fields_.sys_flag.value_or(0)) & ~(sys_flag::kBornHostV6 | sys_flag::kStoreHostV6);
  draft.reconsume_times = static_cast<int32_t>(fields_.reconsume.value_or(0));
  draft.prepared_transaction_offset = PhysicalOffset(fields_.prepared_offset.value_or(0));
  if (Status status = fill_topic(draft); !status.ok()) return status;
  if (Status status = fill_times_and_hosts(draft); !status.ok()) return status;
  if (Status status = fill_properties(draft); !status.ok()) return status;
  if (Status status = check_numbers(draft.topic, draft.properties); !status.ok()) return status;
  return fill_body(draft);
}

Status RecordReader::fill_topic(MessageDraft& draft) const {
  const std::optional<std::string_view>& named = fields_.topic_raw ? fields_.topic_raw : fields_.topic;
  if (!named && defaults_.topic.empty()) return wrong("the record has no \"topic\"");
  draft.topic = named ? *named : std::string_view(defaults_.topic);
  return check_topic_name(draft.topic);
}

Status RecordReader::fill_times_and_hosts(MessageDraft& draft) const {
  Result<HostAddress> born_host = host_of(fields_.born_host, defaults_.born_host);
  if (!born_host) return std::move(born_host).error();
  draft.born_host = *born_host;
  draft.store_host = defaults_.store_host;
  draft.born = fields_.born_ms ? EpochMs(*fields_.born_ms) : clock_.now();
  if (!fields_.born) return {};
  if (const std::optional<EpochMs> time = dumped_time(*fields_.born)) {
    draft.born = *time;
    return {};
  }
  Result<EpochMs> time = parse_time(*fields_.born, clock_.now());
  if (!time) return wrong("\"born\" is no time: " + std::string(*fields_.born));
  draft.born = *time;
  return {};
}

Status RecordReader::fill_properties(MessageDraft& draft) {
  if (fields_.props_raw) {
    properties_ = without_record_crc(*fields_.props_raw);
  } else {
    properties_.assign(fields_.props);
  }
  if (Status status = add_shorthands(); !status.ok()) return status;
  made_unique_key_ = !fields_.props_raw && !fields_.has_props && !fields_.uniq && !fields_.has_message_id;
  if (made_unique_key_) {
    if (Status status = append_property(properties_, property::kUniqKey, keys_.next(clock_.now())); !status.ok()) {
      return status;
    }
  }
  // The longest string that releases without the last separator could write has no room for it.
  if (properties_.size() == kMaxPropertiesBytes + 1) properties_.pop_back();
  draft.properties = properties_;
  return {};
}

void RecordReader::again(MessageDraft& draft) {
  if (!made_unique_key_) return;
  const std::string key = keys_.next(clock_.now());
  properties_.replace(properties_.size() - key.size() - 1, key.size(), key);
  draft.properties = properties_;
}

Status RecordReader::add_shorthands() {
  if (fields_.uniq) {
    if (Status status = add_shorthand(property::kUniqKey, *fields_.uniq); !status.ok()) return status;
  }
  if (fields_.tags) {
    if (Status status = add_shorthand(property::kTags, *fields_.tags); !status.ok()) return status;
  }
  if (fields_.keys.empty()) return {};
  const std::optional<std::string_view> there = find_property(properties_, property::kKeys);
  if (there && same_keys(*there, fields_.keys)) return {};
  std::string joined;
  for (const std::string_view key : fields_.keys) {
    if (key.empty() || key.find(' ') != std::string_view::npos) return wrong("a key is empty or holds a blank");
    joined.append(joined.empty() ? "" : " ").append(key);
  }
  return add_shorthand(property::kKeys, joined);
}

Status RecordReader::add_shorthand(std::string_view name, std::string_view value) {
  const std::optional<std::string_view> there = find_property(properties_, name);
  if (there && *there == value) return {};
  if (there) {
    return wrong("the record contradicts itself: property " + std::string(name) + " is `" + std::string(*there) +
                 "` and `" + std::string(value) + "`");
  }
  // Properties as old releases wrote them lack the last separator.
  if (!properties_.empty() && properties_.back() != kPropertySeparator) properties_ += kPropertySeparator;
  return append_property(properties_, name, value);
}

Status RecordReader::fill_body(MessageDraft& draft) {
  if (fields_.body && fields_.body_raw) return wrong("the record has \"body\" and \"body_b64\"");
  if (!fields_.body && !fields_.body_raw) return wrong("the record has no \"body\"");
  draft.body = as_bytes(fields_.body ? *fields_.body : *fields_.body_raw);
  Result<CompressionType> type = compression_of(draft.sys_flag);
  if (!type) return std::move(type).error();
  if (fields_.compressed) {
    Result<CompressionType> named = compression_named(*fields_.compressed);
    if (!named) return std::move(named).error();
    return *named == *type ? Status() : wrong("\"compressed\" and \"sysflag\" name different methods");
  }
  if (*type == CompressionType::kNone) return {};
  Result<std::string> packed = compress(*type, draft.body);
  if (!packed) return std::move(packed).error();
  body_ = std::move(*packed);
  draft.body = as_bytes(body_);
  return {};
}

}  // namespace mqctl
