// Format strings of `dump -f`, with a record of any bytes: what is escaped for a terminal has no control byte that the
// format did not ask for, a line is a line, and JSON is JSON.
#include <nlohmann/json.hpp>

#include "cli/output/record_format.h"
#include "libstore/base/utf8.h"
#include "tests/fuzz/fuzz_input.h"
#include "tests/fuzz/require.h"

using namespace mqctl;

namespace {

constexpr std::string_view kMark("\xFE|", 2);

int64_t controls(std::string_view text) {
  return std::count_if(text.begin(), text.end(),
                       [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 127; });
}

std::string formatted(const RecordFormat& format, const MessageView& message, BodyReader& body, const TextLook& look) {
  body.read(message);
  std::string out;
  format.append(out, {message, message.physical_offset, "f"}, body, look);
  return out;
}

void check_format(const RecordFormat& format, const MessageView& message, BodyReader& body, TextLook look) {
  look.colour = false;
  look.escape = true;
  const std::string shown = formatted(format, message, body, look);
  REQUIRE(controls(shown) == controls(formatted(format, MessageView(), body, look)));
}

void check_line(const MessageView& message, BodyReader& body, Zone zone) {
  body.read(message);
  std::string line;
  append_record_line(line, {message, message.physical_offset, "f"}, body, {zone, false, false});
  REQUIRE(line.ends_with('\n') && controls(line) == 1);
}

void check_json(const MessageView& message, BodyReader& body, Zone zone) {
  body.read(message);
  std::string line;
  append_record_json(line, {message, message.physical_offset, "f"}, body, zone);
  REQUIRE(line.ends_with('\n') && controls(line) == 1);
  const nlohmann::json json = nlohmann::json::parse(line, nullptr, false);
  REQUIRE_SAYING(json.is_object(), line);
  REQUIRE(json["topic"].get<std::string>() == to_valid_utf8(message.topic));
}

MessageView message_of(test::FuzzInput& input) {
  MessageView message;
  message.sys_flag = input.byte();
  message.queue_id = QueueId(input.byte());
  message.born = EpochMs((int64_t{input.word()} << 48) >> input.below(48));
  message.stored = EpochMs((int64_t{input.word()} << 48) >> input.below(48));
  message.topic = input.until(kMark);
  message.properties = input.until(kMark);
  message.body = input.rest();
  return message;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  test::FuzzInput input(data, size);
  BodyReader body({static_cast<BodyForm>(input.below(4)), input.word(), input.below(2) == 0});
  const TextLook look{static_cast<Zone>(input.below(2)), input.below(2) == 0, input.below(2) == 0};
  const std::string_view text = input.until(kMark);
  const MessageView message = message_of(input);
  check_line(message, body, look.zone);
  check_json(message, body, look.zone);
  const Result<RecordFormat> format = RecordFormat::parse(text);
  if (!format) return 0;
  check_format(*format, message, body, look);
  (void)formatted(*format, message, body, look);
  return 0;
}
