#include <array>
#include <charconv>

#include "cli/output/escape.h"
#include "cli/output/json_scanner.h"
#include "cli/remoting/header_codec.h"
#include "libstore/base/utf8.h"

namespace mqctl {
namespace {

class JsonHeader {
 public:
  JsonHeader(std::span<char> text, ReceivedCommand& command) : scanner_(text, BadText::kReplace), command_(command) {}

  Status read() {
    const bool read = scanner_.object([this](std::string_view name) { return member(name); });
    if (read && scanner_.at_end()) return {};
    return Status::error(Errc::kInvalidArgument, "bad header: column " + std::to_string(scanner_.column()) + ": " +
                                                     std::string(scanner_.error()));
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
    if (name == "language") {
      command_.language = string ? language_code(text) : ordinal(text);
    } else if (string) {
      command_.remark = text;
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

  // Some write an enum's number. JAVA where it is none.
  static uint8_t ordinal(std::string_view text) {
    uint8_t value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
  }

  bool fields() {
    command_.ext.clear();  // of two the last counts, as in Java
    return scanner_.object([this](std::string_view name) {
      const bool string = scanner_.peek() == '"';
      std::string_view value;
      if (!scanner_.text_of_any(value)) return false;
      if (!string && value == "null") return true;
      if (command_.ext.size() == kMaxFields) return scanner_.fail("too many fields");
      command_.ext.emplace_back(name, value);
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

// Whether it stands in JSON as it is: printable ASCII without quotes and backslashes, as almost every value.
bool is_plain(std::string_view text) {
  constexpr auto kSpecial = [] {
    std::array<bool, 256> special{};
    for (size_t i = 0; i < 256; ++i) special[i] = i < 0x20 || i >= 0x7F || i == '"' || i == '\\';
    return special;
  }();
  bool special = false;
  for (const char c : text) special |= kSpecial[static_cast<unsigned char>(c)];
  return !special;
}

void append_text(std::string& out, std::string_view text) {
  if (is_plain(text)) {
    (out += '"').append(text) += '"';
  } else if (is_valid_utf8(text)) {
    append_json_string(out, text);
  } else {
    append_json_string(out, to_valid_utf8(text));
  }
}

}  // namespace

Status read_json_header(std::span<char> text, ReceivedCommand& command) { return JsonHeader(text, command).read(); }

void append_json_header(std::string& out, const RemotingCommand& command) {
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

}  // namespace mqctl
