#include "cli/commands/record_fields.h"

#include <iterator>
#include <utility>

#include "libstore/message/properties.h"

namespace mqctl {

// In the order in which dump writes them.
const RecordFieldsReader::Member RecordFieldsReader::kMembers[] = {
    {"v", &RecordFieldsReader::version},
    {"finding", &RecordFieldsReader::finding},
    {"pos", &RecordFieldsReader::pass},
    {"file", &RecordFieldsReader::pass},
    {"size", &RecordFieldsReader::pass},
    {"topic", &RecordFieldsReader::topic},
    {"topic_b64", &RecordFieldsReader::topic_raw},
    {"queue", &RecordFieldsReader::queue},
    {"qoff", &RecordFieldsReader::pass},
    {"msgid", &RecordFieldsReader::message_id},
    {"uniq", &RecordFieldsReader::uniq},
    {"tags", &RecordFieldsReader::tags},
    {"keys", &RecordFieldsReader::keys},
    {"born", &RecordFieldsReader::born},
    {"stored", &RecordFieldsReader::pass},
    {"born_host", &RecordFieldsReader::born_host},
    {"store_host", &RecordFieldsReader::pass},
    {"sysflag", &RecordFieldsReader::sys_flag},
    {"flag", &RecordFieldsReader::flag},
    {"reconsume", &RecordFieldsReader::reconsume},
    {"prepared_offset", &RecordFieldsReader::prepared_offset},
    {"crc", &RecordFieldsReader::crc},
    {"props", &RecordFieldsReader::props},
    {"props_b64", &RecordFieldsReader::props_raw},
    {"compressed", &RecordFieldsReader::compressed},
    {"body", &RecordFieldsReader::body},
    {"body_b64", &RecordFieldsReader::body_raw},
    {"truncated", &RecordFieldsReader::truncated},
};

namespace {

void clear(RecordFields& fields) {
  std::vector<std::string_view> keys = std::move(fields.keys);
  std::string props = std::move(fields.props);
  keys.clear();
  props.clear();
  fields = RecordFields{};
  fields.keys = std::move(keys);
  fields.props = std::move(props);
}

}  // namespace

Status RecordFieldsReader::read(std::span<char> line, RecordFields& fields) {
  clear(fields);
  scanner_ = JsonScanner(line);
  fields_ = &fields;
  expected_ = 0;
  const bool read = scanner_.object([this](std::string_view name) { return member(name); });
  if (read && scanner_.at_end()) return {};
  return Status::error(Errc::kInvalidArgument,
                       "column " + std::to_string(scanner_.column()) + ": " + std::string(scanner_.error()));
}

bool RecordFieldsReader::member(std::string_view name) {
  constexpr size_t kCount = std::size(kMembers);
  for (size_t tried = 0; tried < kCount; ++tried) {
    const size_t number = (expected_ + tried) % kCount;
    if (kMembers[number].name != name) continue;
    expected_ = number + 1;
    return (this->*kMembers[number].read)();
  }
  return scanner_.skip();
}

bool RecordFieldsReader::text(std::optional<std::string_view>& field) {
  std::string_view value;
  if (!scanner_.string(value)) return false;
  field = value;
  return true;
}

bool RecordFieldsReader::base64(std::optional<std::string_view>& field) {
  std::string_view value;
  if (!scanner_.string(value)) return false;
  if (!decode_base64_in_place(value)) return scanner_.fail("the string is not base64");
  field = value;
  return true;
}

bool RecordFieldsReader::number(std::optional<int64_t>& field, int64_t lowest, int64_t highest) {
  int64_t value = 0;
  if (!scanner_.integer(value)) return false;
  if (value < lowest || value > highest) return scanner_.fail("the number is out of range");
  field = value;
  return true;
}

bool RecordFieldsReader::version() {
  int64_t value = 0;
  if (!scanner_.integer(value)) return false;
  return value == 1 || scanner_.fail("only records of version 1 are known");
}

bool RecordFieldsReader::finding() {
  fields_->finding = true;
  return scanner_.skip();
}

bool RecordFieldsReader::message_id() {
  fields_->has_message_id = true;
  return scanner_.skip();
}

bool RecordFieldsReader::born() {
  if (scanner_.peek() == '"') return text(fields_->born);
  return number(fields_->born_ms, INT64_MIN, INT64_MAX);
}

bool RecordFieldsReader::keys() {
  fields_->has_keys = true;
  fields_->keys.clear();
  return scanner_.array([this] {
    std::string_view key;
    if (!scanner_.string(key)) return false;
    fields_->keys.push_back(key);
    return true;
  });
}

bool RecordFieldsReader::props() {
  fields_->has_props = true;
  fields_->props.clear();
  return scanner_.object([this](std::string_view name) {
    std::string_view value;
    if (!scanner_.string(value)) return false;
    if (name == property::kRecordCrc) return true;
    if (append_property(fields_->props, name, value).ok()) return true;
    return scanner_.fail("a property that no reader would find again: name or value empty, or with 0x01 or 0x02");
  });
}

}  // namespace mqctl
