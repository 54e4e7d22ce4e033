// The frames in a run of bytes, through the real FrameReader and decoder: what both ends of a wire do with what
// arrives.
#pragma once

#include <algorithm>
#include <string_view>

#include "cli/remoting/frame_codec.h"
#include "cli/remoting/frame_reader.h"
#include "tests/sim/failure.h"

namespace mqctl::sim {

// Calls `each` with every whole frame, decoded. Throws Failure for bytes that are none: both ends send only frames.
template <class Each>
void for_each_frame(FrameReader& reader, std::string_view bytes, Each&& each) {
  while (!bytes.empty()) {
    const std::span<char> room = reader.room();
    const size_t count = std::min(room.size(), bytes.size());
    std::copy_n(bytes.data(), count, room.data());
    reader.filled(count);
    bytes.remove_prefix(count);
    std::string_view frame;
    FrameReader::Step step;
    while ((step = reader.next(frame)) == FrameReader::Step::kFrame) {
      Result<ReceivedCommand> command = decode_frame(frame);
      require(command.has_value(), "a frame cannot be decoded: {}", command ? "" : command.error().message());
      each(std::move(*command));
    }
    require(step == FrameReader::Step::kNeedsMore, "a frame was refused: {}", reader.refusal());
  }
}

}  // namespace mqctl::sim
