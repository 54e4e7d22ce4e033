// Frames: length, serialize type, header, body; headers as JSON or in RocketMQ's own binary form. Every length is
// checked against what is left; a header is bounded by its frame, and a frame by kMaxFrameBytes.
#pragma once

#include <string>

#include "cli/remoting/remoting_command.h"
#include "libstore/base/result.h"

namespace mqctl {

// The length of the whole frame whose first four bytes these are. kInvalidArgument for one that cannot be.
Result<size_t> frame_bytes(const char* first_four);

// A whole frame, as frame_bytes measured it, copied. kInvalidArgument says what is wrong with it: the connection is to
// be closed.
Result<ReceivedCommand> decode_frame(std::string_view frame);

// Appends everything but the last `outside_body` bytes of the body, which the caller sends behind it. Where the header
// is too large for its length field, SYSTEM_ERROR goes out in its place.
void encode_frame(std::string& out, const RemotingCommand& command, SerializeType type, size_t outside_body = 0);

// What else begins like this: "TLS", "HTTP", "HTTP/2 (gRPC)", "PROXY protocol"; empty for what may be a frame.
std::string_view foreign_protocol(std::string_view first_bytes);

}  // namespace mqctl
