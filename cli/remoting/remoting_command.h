// RemotingCommand: a command on its way out, a request or a response; ReceivedCommand: one that came in, its strings
// where they lie in its own copy of the frame (Apache: RemotingCommand; docs/remoting.md).
#pragma once

#include <charconv>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/remoting/protocol.h"
#include "libstore/base/bytes.h"

namespace mqctl {

struct RemotingCommand {
  int32_t code = 0;
  int32_t opaque = 0;
  int32_t flag = 0;
  std::string remark;                                         // empty: none
  std::vector<std::pair<std::string_view, std::string>> ext;  // names are literals
  std::string body;

  RemotingCommand& set(std::string_view name, std::string value) {
    ext.emplace_back(name, std::move(value));
    return *this;
  }
  RemotingCommand& set(std::string_view name, int64_t value) { return set(name, std::to_string(value)); }
};

// A field's value as a number; none where it is none, or where Java's int cannot have it.
inline std::optional<int64_t> header_number(std::string_view value) {
  int64_t parsed = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), parsed);
  if (error != std::errc() || end != value.data() + value.size()) return std::nullopt;
  return parsed;
}
inline std::optional<int32_t> small_header_number(std::string_view value) {
  const std::optional<int64_t> number = header_number(value);
  if (!number || *number < INT32_MIN || *number > INT32_MAX) return std::nullopt;
  return static_cast<int32_t>(*number);
}
// Old libraries say 1 where Java says true.
inline bool header_truth(std::string_view value) {
  return value == "true" || value == "TRUE" || value == "True" || value == "1";
}

// Move-only. Views live as long as the object, moved or not.
struct ReceivedCommand {
  SerializeType type = SerializeType::kJson;
  int32_t code = 0;
  uint8_t language = 0;
  int32_t version = 0;
  int32_t opaque = 0;
  int32_t flag = 0;
  std::string_view remark;
  std::vector<std::pair<std::string_view, std::string_view>> ext;
  Bytes body;
  std::unique_ptr<char[]> storage;
  size_t storage_bytes = 0;

  bool is_response() const { return (flag & command_flag::kResponse) != 0; }
  bool is_oneway() const { return (flag & command_flag::kOneway) != 0; }
  // Of two of that name the last, as in Java.
  std::optional<std::string_view> find(std::string_view name) const {
    for (size_t i = ext.size(); i-- > 0;) {
      if (ext[i].first == name) return ext[i].second;
    }
    return std::nullopt;
  }
  std::string_view text(std::string_view name) const { return find(name).value_or(""); }
  // None where it is missing, or no number.
  std::optional<int64_t> number(std::string_view name) const {
    const std::optional<std::string_view> value = find(name);
    return value ? header_number(*value) : std::nullopt;
  }
  int64_t number_or(std::string_view name, int64_t otherwise) const { return number(name).value_or(otherwise); }
  // None, too, where Java's int cannot have it.
  std::optional<int32_t> small_number(std::string_view name) const {
    const std::optional<std::string_view> value = find(name);
    return value ? small_header_number(*value) : std::nullopt;
  }
  int32_t small_number_or(std::string_view name, int32_t otherwise) const {
    return small_number(name).value_or(otherwise);
  }
  bool truth(std::string_view name) const { return header_truth(text(name)); }
};

}  // namespace mqctl
