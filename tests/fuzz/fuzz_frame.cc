// A connection's bytes: frames and both kinds of headers. What is decoded, encoded in either form and decoded again
// says the same.
#include <algorithm>
#include <cstring>

#include "cli/remoting/frame_codec.h"
#include "cli/remoting/frame_reader.h"
#include "libstore/base/utf8.h"
#include "tests/fuzz/require.h"

using namespace mqctl;

namespace {

RemotingCommand outgoing(const ReceivedCommand& command) {
  RemotingCommand copy;
  copy.code = command.code;
  copy.opaque = command.opaque;
  copy.flag = command.flag;
  copy.remark = command.remark;
  for (const auto& [name, value] : command.ext) copy.set(name, std::string(value));
  copy.body = as_text(command.body);
  return copy;
}

// As it comes through the form: JSON has no other text than UTF-8.
std::string through(SerializeType type, std::string_view text) {
  return type == SerializeType::kJson ? to_valid_utf8(text) : std::string(text);
}

bool fits(const ReceivedCommand& command, SerializeType type) {
  if (type == SerializeType::kJson) return true;
  const auto short_name = [](const auto& field) { return field.first.size() <= INT16_MAX; };
  return command.code >= INT16_MIN && command.code <= INT16_MAX &&
         std::all_of(command.ext.begin(), command.ext.end(), short_name);
}

void check_again(const ReceivedCommand& command, SerializeType type) {
  if (!fits(command, type)) return;
  std::string frame;
  encode_frame(frame, outgoing(command), type);
  const Result<size_t> length = frame_bytes(frame.data());
  if (!length) return;  // six bytes of one that is escaped
  REQUIRE(*length == frame.size());
  const Result<ReceivedCommand> again = decode_frame(frame);
  REQUIRE(again.has_value() && again->type == type);
  REQUIRE(again->code == command.code && again->opaque == command.opaque && again->flag == command.flag);
  REQUIRE(again->remark == through(type, command.remark) && as_text(again->body) == as_text(command.body));
  REQUIRE(again->ext.size() == command.ext.size());
  for (size_t i = 0; i < command.ext.size(); ++i) {
    REQUIRE(again->ext[i].first == through(type, command.ext[i].first));
    REQUIRE(again->ext[i].second == through(type, command.ext[i].second));
  }
}

void take(std::string_view frame) {
  const Result<ReceivedCommand> command = decode_frame(frame);
  if (!command) return;
  for (const SerializeType type : {SerializeType::kJson, SerializeType::kRocketMq}) check_again(*command, type);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  FrameReader reader;
  std::string_view frame;
  while (size > 0) {
    const std::span<char> room = reader.room();
    const size_t part = std::min(room.size(), size);
    REQUIRE(part > 0);
    std::memcpy(room.data(), data, part);
    reader.filled(part);
    data += part;
    size -= part;
    FrameReader::Step step = reader.next(frame);
    for (; step == FrameReader::Step::kFrame; step = reader.next(frame)) take(frame);
    if (step == FrameReader::Step::kRefused) break;
  }
  return 0;
}
