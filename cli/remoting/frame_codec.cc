#include "cli/remoting/frame_codec.h"

#include <cstring>

#include "cli/remoting/header_codec.h"

namespace mqctl {
namespace {

constexpr size_t kTypicalFields = 14;
constexpr size_t kMaxHeaderBytes = 0xFFFFFF;

Status bad(std::string why) { return Status::error(Errc::kInvalidArgument, std::move(why)); }

int32_t be32(const char* from) { return load_be<int32_t>(reinterpret_cast<const std::byte*>(from)); }

void encode_header(std::string& out, const RemotingCommand& command, SerializeType type) {
  if (type == SerializeType::kJson) return append_json_header(out, command);
  append_binary_header(out, command);
}

// What goes out where the header does not fit its 24-bit length: JSON makes six bytes of one that it escapes.
RemotingCommand too_large(const RemotingCommand& command) {
  RemotingCommand error;
  error.code = response_code::kSystemError;
  error.opaque = command.opaque;
  error.flag = command.flag;
  error.remark = "the header of the answer is too large";
  return error;
}

}  // namespace

Result<size_t> frame_bytes(const char* first_four) {
  const int32_t length = be32(first_four);
  if (length < static_cast<int32_t>(kFrameHeadBytes - kFrameLengthBytes) ||
      static_cast<size_t>(length) > kMaxFrameBytes - kFrameLengthBytes) {
    return bad("frame length " + std::to_string(length));
  }
  return static_cast<size_t>(length) + kFrameLengthBytes;
}

Result<ReceivedCommand> decode_frame(std::string_view frame) {
  const auto word = static_cast<uint32_t>(be32(frame.data() + kFrameLengthBytes));
  const size_t header = word & 0xFFFFFF;
  const uint32_t type = word >> 24;
  if (type > 1) return bad("serialize type " + std::to_string(type));
  if (header > frame.size() - kFrameHeadBytes) return bad("bad header length " + std::to_string(header));
  ReceivedCommand command;
  command.type = static_cast<SerializeType>(type);
  command.storage = std::make_unique_for_overwrite<char[]>(frame.size());
  command.storage_bytes = frame.size();
  char* const copy = command.storage.get();
  std::memcpy(copy, frame.data(), frame.size());
  command.body = as_bytes(std::string_view(copy, frame.size()).substr(kFrameHeadBytes + header));
  command.ext.reserve(kTypicalFields);
  char* const text = copy + kFrameHeadBytes;
  Status status = command.type == SerializeType::kJson ? read_json_header({text, header}, command)
                                                       : read_binary_header({text, header}, command);
  if (!status.ok()) return status;
  return command;
}

void encode_frame(std::string& out, const RemotingCommand& command, SerializeType type, size_t outside_body) {
  const size_t start = out.size();
  out.append(kFrameHeadBytes, '\0');
  encode_header(out, command, type);
  size_t header = out.size() - start - kFrameHeadBytes;
  if (header > kMaxHeaderBytes) {
    out.resize(start + kFrameHeadBytes);
    encode_header(out, too_large(command), type);
    header = out.size() - start - kFrameHeadBytes;
  }
  out += command.body;
  const size_t length = kFrameHeadBytes - kFrameLengthBytes + header + command.body.size() + outside_body;
  auto* const head = reinterpret_cast<std::byte*>(out.data() + start);
  store_be(head, static_cast<int32_t>(length));
  store_be(head + kFrameLengthBytes, static_cast<uint32_t>(header) | static_cast<uint32_t>(type) << 24);
}

std::string_view foreign_protocol(std::string_view first_bytes) {
  if (first_bytes.size() >= 2 && first_bytes[0] == 0x16 && first_bytes[1] == 0x03) return "TLS";
  if (first_bytes.starts_with("PRI ")) return "HTTP/2 (gRPC)";
  if (first_bytes.starts_with("PROX") || first_bytes.starts_with("\r\n\r\n")) return "PROXY protocol";
  for (const std::string_view verb : {"GET ", "POST", "PUT ", "HEAD", "DELE", "OPTI", "PATC", "CONN"}) {
    if (first_bytes.starts_with(verb)) return "HTTP";
  }
  return {};
}

}  // namespace mqctl
