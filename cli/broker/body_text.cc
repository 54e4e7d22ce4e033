#include "cli/broker/body_text.h"

#include <vector>

namespace mqctl {
namespace {

// Genuine clients have a dozen.
constexpr size_t kMostMembers = 1000;

size_t end_of_string(std::string_view text, size_t at) {
  for (++at; at < text.size() && text[at] != '"'; ++at) at += text[at] == '\\' ? 1u : 0u;
  return at;
}

// Members keep their order, and who looks for one goes over them from the front: how far is not for a client to say. A
// colon outside of strings ends a name; what is no JSON is left to the parser.
bool has_crowded_object(std::string_view text) {
  std::vector<size_t> members{0};  // of the objects that are open
  for (size_t at = 0; at < text.size() && members.size() <= static_cast<size_t>(kMaxJsonNesting) + 1; ++at) {
    const char c = text[at];
    if (c == '"') at = end_of_string(text, at);
    if (c == '{' || c == '[') members.push_back(0);
    if ((c == '}' || c == ']') && members.size() > 1) members.pop_back();
    if (c == ':' && ++members.back() > kMostMembers) return true;
  }
  return false;
}

}  // namespace

std::optional<ConfigJson> body_json(const ReceivedCommand& command) {
  const std::string_view text = as_text(command.body);
  if (has_crowded_object(text)) return std::nullopt;
  Result<ConfigJson> json = parse_lenient_json(text);
  return json ? std::optional(std::move(*json)) : std::nullopt;
}

}  // namespace mqctl
