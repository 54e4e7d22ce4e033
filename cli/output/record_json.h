// The JSON record v1, one line (docs/cli-reference.md, "The record"): what dump writes and `append -i json` reads.
#pragma once

#include <string>
#include <string_view>

#include "cli/output/shown_body.h"
#include "cli/output/units.h"
#include "libstore/message/message_view.h"

namespace mqctl {

struct ShownRecord {
  const MessageView& message;
  PhysicalOffset offset;  // where it was found
  std::string_view file;  // the segment's name
  bool crc_ok = true;
};

void append_record_json(std::string& out, const ShownRecord& record, const BodyReader& body, Zone zone);

// Damage that was met on the way: a line of its own in the same stream.
struct ShownDamage {
  std::string_view kind;  // "body-crc"
  PhysicalOffset offset;
  uint64_t length = 0;
  std::string_view file;
  std::string_view detail;
};
void append_damage_json(std::string& out, const ShownDamage& damage);

}  // namespace mqctl
