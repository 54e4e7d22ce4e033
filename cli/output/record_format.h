// RecordFormat: records as text: the default line for people, or what `-f FORMAT` asks for.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/output/record_json.h"
#include "libstore/base/result.h"

namespace mqctl {

struct TextLook {
  Zone zone = Zone::kUtc;
  bool colour = false;
  bool escape = false;  // control bytes, for a terminal
};

// One line for people; control bytes are always escaped: a line is a record.
void append_record_line(std::string& out, const ShownRecord& record, const BodyReader& body, const TextLook& look);

// A format string, taken apart once: %topic %queue %qoff %pos %tags %keys %msgid %uniq %born %stored %body %size
// %prop{NAME} %%, and \t \n \r \0 \\.
class RecordFormat {
 public:
  // kInvalidArgument names what is unknown.
  static Result<RecordFormat> parse(std::string_view text);
  void append(std::string& out, const ShownRecord& record, const BodyReader& body, const TextLook& look) const;

 private:
  enum class Field : uint8_t {
    kText,
    kTopic,
    kQueue,
    kQueueOffset,
    kPosition,
    kTags,
    kKeys,
    kMessageId,
    kUniq,
    kBorn,
    kStored,
    kBody,
    kSize,
    kProperty
  };
  struct Piece {
    Field field = Field::kText;
    std::string text;  // kText: itself; kProperty: the name
  };
  static size_t field_at(std::string_view text, Piece& piece);
  void add_text(char c);
  std::vector<Piece> pieces_;
};

}  // namespace mqctl
