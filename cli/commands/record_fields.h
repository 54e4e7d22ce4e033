// RecordFields: one JSON record v1 (docs/cli.md) as it stands on its line, not yet judged as a message.
//
// Views point into the line, which is overwritten while it is read. Members that only say where a record was (pos,
// qoff, stored ...) are checked for being JSON and passed over; so are members that nobody knows yet.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cli/output/json_scanner.h"
#include "libstore/base/result.h"

namespace mqctl {

struct RecordFields {
  std::optional<std::string_view> topic, topic_raw, uniq, tags, body, body_raw, props_raw;
  std::optional<std::string_view> born, born_host, compressed, crc;
  std::optional<int64_t> born_ms, queue, flag, sys_flag, reconsume, prepared_offset;
  std::vector<std::string_view> keys;
  bool has_keys = false;
  bool has_props = false;
  bool has_message_id = false;
  bool truncated = false;
  bool finding = false;
  std::string props;  // encoded, without a __CRC32# item: that one is a checksum, not content
};

class RecordFieldsReader {
 public:
  // kInvalidArgument, with the column, where the line is no record. `fields` is reused from line to line.
  Status read(std::span<char> line, RecordFields& fields);

 private:
  using Read = bool (RecordFieldsReader::*)();
  struct Member {
    std::string_view name;
    Read read;
  };
  static const Member kMembers[];

  bool member(std::string_view name);
  bool text(std::optional<std::string_view>& field);
  bool base64(std::optional<std::string_view>& field);
  bool number(std::optional<int64_t>& field, int64_t lowest, int64_t highest);
  bool int32(std::optional<int64_t>& field) { return number(field, INT32_MIN, INT32_MAX); }

  bool pass() { return scanner_.skip(); }
  bool version();
  bool finding();
  bool truncated() { return scanner_.boolean(fields_->truncated); }
  bool message_id();
  bool born();
  bool keys();
  bool props();
  bool topic() { return text(fields_->topic); }
  bool topic_raw() { return base64(fields_->topic_raw); }
  bool uniq() { return text(fields_->uniq); }
  bool tags() { return text(fields_->tags); }
  bool body() { return text(fields_->body); }
  bool body_raw() { return base64(fields_->body_raw); }
  bool props_raw() { return base64(fields_->props_raw); }
  bool born_host() { return text(fields_->born_host); }
  bool compressed() { return text(fields_->compressed); }
  bool crc() { return text(fields_->crc); }
  bool queue() { return number(fields_->queue, 0, INT32_MAX); }
  bool flag() { return int32(fields_->flag); }
  bool sys_flag() { return int32(fields_->sys_flag); }
  bool reconsume() { return int32(fields_->reconsume); }
  bool prepared_offset() { return number(fields_->prepared_offset, INT64_MIN, INT64_MAX); }

  JsonScanner scanner_{{}};
  RecordFields* fields_ = nullptr;
  size_t expected_ = 0;  // records of one origin have their members in one order: the next is the likeliest
  std::string why_;
};

}  // namespace mqctl
