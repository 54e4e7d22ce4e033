// FrameReader: the bytes of one connection as they come in, and the whole frames in them. Knows no socket: the caller
// reads into room(), says how much came with filled(), and takes frames until there are none.
//
// Memory grows with what has come, never with what a length claims, to the frame limit at most, and goes back when a
// large frame is done. Who begins with something else than a frame, or claims an impossible length, is refused for
// good. Not synchronised. Frames: docs/remoting.md (Apache: NettyDecoder).
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "cli/remoting/protocol.h"

namespace mqctl {

class FrameReader {
 public:
  enum class Step : uint8_t { kFrame, kNeedsMore, kRefused };

  // REQUIRES: kFrameHeadBytes <= max_frame_bytes <= kMaxFrameBytes. The limit counts the length field.
  explicit FrameReader(size_t max_frame_bytes = kMaxFrameBytes) : max_frame_bytes_(max_frame_bytes) {}

  // Where the next read goes; never empty. Ends the life of frames. REQUIRES: next() said kNeedsMore, or nothing yet.
  std::span<char> room();
  // REQUIRES: bytes <= the size of the last room().
  void filled(size_t bytes) {
    end_ += bytes;
    busy_ = end_ == capacity_;
  }

  // kFrame: `frame` is a whole frame, fit for decode_frame, until the next room(). kRefused stays.
  Step next(std::string_view& frame);

  // Why, for people: "it speaks TLS, which this port does not". Empty unless refused.
  const std::string& refusal() const { return refusal_; }

  size_t pending_bytes() const { return end_ - begin_; }
  size_t capacity() const { return capacity_; }

 private:
  Step refuse(std::string why);
  void compact();
  void grow();

  const size_t max_frame_bytes_;
  std::unique_ptr<char[]> buffer_;
  size_t capacity_ = 0, begin_ = 0, end_ = 0;
  bool first_bytes_ = true;
  bool busy_ = false;  // the last read filled the room: more would have come with a larger one
  std::string refusal_;
};

}  // namespace mqctl
