#include "cli/remoting/header_codec.h"

namespace mqctl {
namespace {

Status bad(std::string why) { return Status::error(Errc::kInvalidArgument, std::move(why)); }

template <class Number>
void put_be(std::string& out, Number value) {
  std::byte bytes[sizeof value];
  store_be(bytes, value);
  out.append(reinterpret_cast<const char*>(bytes), sizeof value);
}

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
      if (command.ext.size() == kMaxFields) return bad("bad header: too many fields");
      command.ext.emplace_back(name, value);
    }
    return {};
  }
  std::string_view rest_;
};

}  // namespace

Status read_binary_header(std::string_view text, ReceivedCommand& command) { return BinaryHeader(text).read(command); }

void append_binary_header(std::string& out, const RemotingCommand& command) {
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

}  // namespace mqctl
