// The two forms of a header: JSON, and RocketMQ's own binary one (Apache: RemotingSerializable, RocketMQSerializable).
// Internal to cli/remoting: frame_codec.h puts frames around them.
//
// Readers fill a fresh command with views into the given bytes, which must outlive it; kInvalidArgument says what is
// wrong. A header has kMaxFields fields at most. Writers append, fields in their order.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "cli/remoting/remoting_command.h"
#include "libstore/base/status.h"

namespace mqctl {

// Unescapes strings where they stand. Lenient as Java is: numbers as strings, fields that are no strings as their
// text, no order, unknown members; but valid UTF-8 and JSON.
Status read_json_header(std::span<char> text, ReceivedCommand& command);
Status read_binary_header(std::string_view text, ReceivedCommand& command);

// Strict, as Go and C++ need it: fields are strings, ill-formed UTF-8 becomes U+FFFD.
void append_json_header(std::string& out, const RemotingCommand& command);
// Codes are 16 bits here.
void append_binary_header(std::string& out, const RemotingCommand& command);

}  // namespace mqctl
