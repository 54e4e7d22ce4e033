// A connection's bytes: frames and both kinds of headers. What is decoded, encoded and decoded again is the same.
#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <string>

#include "cli/remoting/frame_codec.h"
#include "cli/remoting/frame_reader.h"

using namespace mqctl;

namespace {

void check_again(const ReceivedCommand& command) {
  RemotingCommand copy;
  copy.code = command.code;
  copy.opaque = command.opaque;
  copy.flag = command.flag;
  copy.remark = command.remark;
  for (const auto& [name, value] : command.ext) copy.ext.emplace_back(name, value);
  std::string frame;
  encode_frame(frame, copy, SerializeType::kJson);
  const Result<ReceivedCommand> again = decode_frame(frame);
  if (!again) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  FrameReader reader;
  std::string_view frame;
  while (size > 0) {
    const std::span<char> room = reader.room();
    const size_t part = std::min(room.size(), size);
    std::memcpy(room.data(), data, part);
    reader.filled(part);
    data += part;
    size -= part;
    FrameReader::Step step = reader.next(frame);
    for (; step == FrameReader::Step::kFrame; step = reader.next(frame)) {
      const Result<ReceivedCommand> command = decode_frame(frame);
      if (command) check_again(*command);
    }
    if (step == FrameReader::Step::kRefused) break;
  }
  return 0;
}
