#include "cli/remoting/frame_codec.h"

#include <cstring>

#include "cli/output/escape.h"
#include "cli/output/json_scanner.h"
#include "libstore/base/utf8.h"

namespace mqctl {
namespace {

constexpr size_t kTypicalFields = 14;

Status bad(std::string why) { return Status::error(Errc::kInvalidArgument, std::move(why)); }

int32_t be32(const char* from) { return load_be<int32_t>(reinterpret_cast<const std::byte*>(from)); }

template <class Number>
void put_be(std::string& out, Number value) {
  std::byte bytes[sizeof value];
  store_be(bytes, value);
  out.append(reinterpret_cast<const char*>(bytes), sizeof value);
}

// --- JSON ---

class JsonHeader {
 public:
  JsonHeader(std::span<char> text, ReceivedCommand& command) : scanner_(text), command_(command) {}

  Status read() {
    const bool read = scanner_.object([this](std::string_view name) { return member(name); });
    if (read && scanner_.at_end()) return {};
    return bad("bad header: column " + std::to_string(scanner_.column()) + ": " + std::string(scanner_.error()));
  }

 private:
  bool member(std::string_view name) {
    if (name == "code") return number(command_.code);
    if (name == "opaque") return number(command_.opaque);
    if (name == "flag") return number(command_.flag);
    if (name == "version") return number(command_.version);
    if (name == "extFields" && scanner_.peek() == '{') return fields();
    std::string_view text;
    const bool known = name == "language" || name == "remark";
    if (!known) return scanner_.skip();
    const bool string = scanner_.peek() == '"';
    if (!scanner_.text_of_any(text)) return false;
    if (!string) return true;  // null, or an ordinal
    if (name == "remark") {
      command_.remark = text;
    } else {
      command_.language = language_code(text);
    }
    return true;
  }

  // A number, also as a string; null leaves it as it is.
  bool number(int32_t& value) {
    std::string_view text;
    if (!scanner_.text_of_any(text)) return false;
    if (text == "null") return true;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return (error == std::errc() && end == text.data() + text.size()) || scanner_.fail("a 32-bit number is expected");
  }

  bool fields() {
    return scanner_.object([this](std::string_view name) {
      const bool string = scanner_.peek() == '"';
      std::string_view value;
      if (!scanner_.text_of_any(value)) return false;
      if (string || value != "null") command_.ext.emplace_back(name, value);
      return true;
    });
  }

  JsonScanner scanner_;
  ReceivedCommand& command_;
};

void append_number_member(std::string& out, std::string_view name, int64_t value) {
  out += name;
  char digits[24];
  const auto [end, error] = std::to_chars(digits, digits + sizeof digits, value);
  out.append(digits, end);
}

void append_text(std::string& out, std::string_view text) {
  if (is_valid_utf8(text)) return append_json_string(out, text);
  append_json_string(out, to_valid_utf8(text));
}

void encode_json_header(std::string& out, const RemotingCommand& command) {
  append_number_member(out, R"({"code":)", command.code);
  if (!command.ext.empty()) {
    std::string_view separator = R"(,"extFields":{)";
    for (const auto& [name, value] : command.ext) {
      out += separator;
      append_text(out, name);
      out += ':';
      append_text(out, value);
      separator = ",";
    }
    out += '}';
  }
  append_number_member(out, R"(,"flag":)", command.flag);
  append_number_member(out, R"(,"language":"JAVA","opaque":)", command.opaque);
  if (!command.remark.empty()) {
    out += R"(,"remark":)";
    append_text(out, command.remark);
  }
  append_number_member(out, R"(,"serializeTypeCurrentRPC":"JSON","version":)", kProtocolVersion);
  out += '}';
}

// --- binary ---

class BinaryHeader {
 public:
  explicit BinaryHeader(std::string_view text) : rest_(text) {}

  Status read(ReceivedCommand& command) {
    int16_t code = 0, version = 0;
    int8_t language = 0;
    int32_t remark = 0, fields = 0;
    if (!take(code) || !take(language) || !take(version) || !take(command.opaque) || !take(command.flag) ||
        !take(remark) || !take(remark, command.remark) || !take(fields)) {
      return bad("bad header: cut off");
    }
    command.code = code;
    command.version = version;
    command.language = static_cast<uint8_t>(language);
    std::string_view block;
    if (!take(fields, block)) return bad("bad header: fields longer than the header");
    rest_ = block;
    return read_fields(command);
  }

 private:
  template <class Number>
  bool take(Number& value) {
    if (rest_.size() < sizeof value) return false;
    value = load_be<Number>(reinterpret_cast<const std::byte*>(rest_.data()));
    rest_.remove_prefix(sizeof value);
    return true;
  }
  bool take(int32_t length, std::string_view& text) {
    if (length < 0 || static_cast<size_t>(length) > rest_.size()) return false;
    text = rest_.substr(0, static_cast<size_t>(length));
    rest_.remove_prefix(text.size());
    return true;
  }
  Status read_fields(ReceivedCommand& command) {
    while (!rest_.empty()) {
      int16_t name_length = 0;
      int32_t value_length = 0;
      std::string_view name, value;
      if (!take(name_length) || !take(int32_t{name_length}, name) || !take(value_length) ||
          !take(value_length, value)) {
        return bad("bad header: a field longer than the header");
      }
      command.ext.emplace_back(name, value);
    }
    return {};
  }
  std::string_view rest_;
};

void encode_binary_header(std::string& out, const RemotingCommand& command) {
  put_be(out, static_cast<int16_t>(command.code));
  put_be(out, int8_t{0});
  put_be(out, static_cast<int16_t>(kProtocolVersion));
  put_be(out, command.opaque);
  put_be(out, command.flag);
  put_be(out, static_cast<int32_t>(command.remark.size()));
  out += command.remark;
  size_t fields = 0;
  for (const auto& [name, value] : command.ext) fields += 2 + name.size() + 4 + value.size();
  put_be(out, static_cast<int32_t>(fields));
  for (const auto& [name, value] : command.ext) {
    put_be(out, static_cast<int16_t>(name.size()));
    out += name;
    put_be(out, static_cast<int32_t>(value.size()));
    out += value;
  }
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
  char* const copy = command.storage.get();
  std::memcpy(copy, frame.data(), frame.size());
  command.body = as_bytes({copy + kFrameHeadBytes + header, frame.size() - kFrameHeadBytes - header});
  command.ext.reserve(kTypicalFields);
  Status status = command.type == SerializeType::kJson ? JsonHeader({copy + kFrameHeadBytes, header}, command).read()
                                                       : BinaryHeader({copy + kFrameHeadBytes, header}).read(command);
  if (!status.ok()) return status;
  return command;
}

void encode_frame(std::string& out, const RemotingCommand& command, SerializeType type, size_t outside_body) {
  const size_t start = out.size();
  out.append(kFrameHeadBytes, '\0');
  if (type == SerializeType::kJson) {
    encode_json_header(out, command);
  } else {
    encode_binary_header(out, command);
  }
  const size_t header = out.size() - start - kFrameHeadBytes;
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
