#include "cli/output/record_json.h"

#include <charconv>

#include "cli/output/escape.h"
#include "libstore/base/utf8.h"
#include "libstore/message/message_id.h"
#include "libstore/message/properties.h"

namespace mqctl {
namespace {

void append_number(std::string& out, int64_t value) {
  char digits[24];
  const auto [end, error] = std::to_chars(digits, digits + sizeof digits, value);
  out.append(digits, end);
}

// `name` brings its own comma, quotes and colon.
void member(std::string& out, std::string_view name, int64_t value) {
  out += name;
  append_number(out, value);
}
void member(std::string& out, std::string_view name, std::string_view text) {
  out += name;
  if (is_valid_utf8(text)) return append_json_string(out, text);
  append_json_string(out, to_valid_utf8(text));
}

void base64_member(std::string& out, std::string_view name, std::string_view bytes) {
  out += name;
  out += '"';
  append_base64(out, bytes);
  out += '"';
}

void time_member(std::string& out, std::string_view name, EpochMs time, Zone zone) {
  if (!has_calendar_form(time)) return member(out, name, time.value());
  out += name;
  out += '"';
  append_time(out, time, zone);
  out += '"';
}

// Hosts repeat from record to record.
class HostTexts {
 public:
  const std::string& text(const HostAddress& host) {
    if (text_.empty() || !(host == host_)) {
      host_ = host;
      text_ = to_string(host);
    }
    return text_;
  }

 private:
  HostAddress host_;
  std::string text_;
};

void append_keys(std::string& out, std::string_view keys) {
  out += R"(,"keys":[)";
  KeyCursor cursor(keys);
  std::string_view key, separator;
  while (cursor.next(key)) {
    member(out, separator, key);
    separator = ",";
  }
  out += ']';
}

bool has_duplicate(const std::vector<PropertyItem>& items, size_t index) {
  for (size_t i = index + 1; i < items.size(); ++i) {
    if (items[i].name == items[index].name) return true;
  }
  return false;
}

// The items as Apache's parser keeps them, in order of first appearance, later duplicates winning. Few items, the
// usual case, are compared with each other without a table.
void append_props(std::string& out, std::string_view properties) {
  constexpr size_t kFew = 16;
  thread_local std::vector<PropertyItem> items;
  items.clear();
  PropertyCursor cursor(properties);
  PropertyItem item;
  while (cursor.next(item)) items.push_back(item);
  bool plain = items.size() <= kFew;
  for (size_t i = 0; plain && i < items.size(); ++i) plain = !has_duplicate(items, i);
  if (!plain) items = parse_properties(properties);
  out += R"(,"props":{)";
  std::string_view separator;
  for (const PropertyItem& each : items) {
    member(out, separator, each.name);
    member(out, ":", each.value);
    separator = ",";
  }
  out += '}';
  if (!is_valid_utf8(properties)) base64_member(out, R"(,"props_b64":)", properties);
}

void append_body(std::string& out, const BodyReader& body) {
  if (body.compressed() != CompressionType::kNone) {
    out += R"(,"compressed":")";
    out += compression_name(body.compressed());
    out += '"';
  }
  switch (body.options().form) {
    case BodyForm::kNone:
      break;
    case BodyForm::kHex:
      out += R"(,"body_hex":")";
      append_hex(out, body.shown());
      out += '"';
      break;
    case BodyForm::kAuto:
      if (body.is_text()) {
        out += R"(,"body":)";
        append_json_string(out, body.shown());
        break;
      }
      [[fallthrough]];
    case BodyForm::kBase64:
      base64_member(out, R"(,"body_b64":)", body.shown());
      break;
  }
  if (body.truncated()) out += R"(,"truncated":true)";
}

}  // namespace

void append_record_json(std::string& out, const ShownRecord& record, const BodyReader& body, Zone zone) {
  thread_local HostTexts born_hosts, store_hosts;
  const MessageView& message = record.message;
  member(out, R"({"v":1,"pos":)", record.offset.value());
  member(out, R"(,"file":)", record.file);
  member(out, R"(,"size":)", static_cast<int64_t>(message.record.size()));
  member(out, R"(,"topic":)", message.topic);
  if (!is_valid_utf8(message.topic)) base64_member(out, R"(,"topic_b64":)", message.topic);
  member(out, R"(,"queue":)", message.queue_id.value());
  member(out, R"(,"qoff":)", message.queue_offset.value());
  out += R"(,"msgid":")";
  out += offset_message_id(message.store_host, message.physical_offset);
  out += '"';
  const DispatchProperties known = dispatch_properties(message.properties);
  if (known.has_uniq_key) member(out, R"(,"uniq":)", known.uniq_key);
  if (!known.tags.empty()) member(out, R"(,"tags":)", known.tags);
  if (!known.keys.empty()) append_keys(out, known.keys);
  time_member(out, R"(,"born":)", message.born, zone);
  time_member(out, R"(,"stored":)", message.stored, zone);
  member(out, R"(,"born_host":)", born_hosts.text(message.born_host));
  member(out, R"(,"store_host":)", store_hosts.text(message.store_host));
  member(out, R"(,"sysflag":)", message.sys_flag);
  member(out, R"(,"flag":)", message.flag);
  member(out, R"(,"reconsume":)", message.reconsume_times);
  member(out, R"(,"prepared_offset":)", message.prepared_transaction_offset.value());
  out += record.crc_ok ? R"(,"crc":"ok")" : R"(,"crc":"bad")";
  append_props(out, message.properties);
  append_body(out, body);
  out += "}\n";
}

void append_damage_json(std::string& out, const ShownDamage& damage) {
  member(out, R"({"v":1,"finding":)", damage.kind);
  member(out, R"(,"pos":)", damage.offset.value());
  member(out, R"(,"len":)", static_cast<int64_t>(damage.length));
  member(out, R"(,"file":)", damage.file);
  member(out, R"(,"detail":)", damage.detail);
  out += "}\n";
}

}  // namespace mqctl
