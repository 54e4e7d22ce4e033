// From a JSON record v1 to the draft of a message: what the record says stays byte for byte, what it leaves open comes
// from the flags. What a store assigns (pos, qoff, stored, msgid, store_host) is assigned anew.
//
// `tags`, `keys` and `uniq` repeat what is among the properties: they may stand alone in records written by hand, and
// must not contradict `props`. A record with none of props, uniq and msgid gets a unique key as a client would make it.
// Bodies are plain text of a message: where the sysFlag says compressed they are compressed again, with the same
// method, unless `compressed` says that they still are.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "cli/commands/record_fields.h"
#include "libstore/base/clock.h"
#include "libstore/base/result.h"
#include "libstore/message/message_encoder.h"
#include "libstore/message/message_id.h"

namespace mqctl {

struct RecordDefaults {
  std::string topic;  // empty: a record must name its own
  HostAddress born_host;
  HostAddress store_host;
};

enum class RecordLine : uint8_t { kMessage, kFinding, kBlank };

class RecordReader {
 public:
  RecordReader(RecordDefaults defaults, UniqueKeyGenerator& keys, const Clock& clock)
      : defaults_(std::move(defaults)), keys_(keys), clock_(clock) {}

  // kInvalidArgument says what is wrong with the line. The draft's views live until the next call.
  Result<RecordLine> read(std::span<char> line, MessageDraft& draft);
  // Makes the draft one more message: a unique key made for it becomes another one.
  void again(MessageDraft& draft);
  // Whether the record last read names its queue.
  bool has_queue() const { return fields_.queue.has_value(); }

 private:
  Status fill(MessageDraft& draft);
  Status fill_topic(MessageDraft& draft) const;
  Status fill_times_and_hosts(MessageDraft& draft) const;
  Status fill_properties(MessageDraft& draft);
  Status fill_body(MessageDraft& draft);
  Status add_shorthands();
  Status add_shorthand(std::string_view name, std::string_view value);

  const RecordDefaults defaults_;
  UniqueKeyGenerator& keys_;
  const Clock& clock_;
  RecordFieldsReader reader_;
  RecordFields fields_;
  std::string properties_;
  bool made_unique_key_ = false;  // the last property
  std::string body_;
};

// What a name of a topic must be so that its queues can have directories: not empty, no slash, no NUL, not "." or "..".
Status check_topic_name(std::string_view topic);
// What makes a record unreadable for Apache's recovery: a DELAY (in the schedule topic), INNER_NUM or INNER_BASE that
// is no number.
Status check_numbers(std::string_view topic, std::string_view properties);

}  // namespace mqctl
