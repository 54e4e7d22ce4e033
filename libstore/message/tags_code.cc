#include "libstore/message/tags_code.h"

#include <charconv>

#include "libstore/base/java_hash.h"

namespace mqctl {
namespace {

// A level as Java's Integer.parseInt reads it; 0 where it would throw.
int delay_level_of(std::string_view text) {
  if (!text.empty() && text.front() == '+') text.remove_prefix(1);
  int level = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), level);
  return error == std::errc() && end == text.data() + text.size() ? level : 0;
}

}  // namespace

int64_t tags_code_of(std::string_view tags) { return tags.empty() ? 0 : java_string_hash(tags); }

int64_t tags_code_of(const MessageView& message, const DispatchProperties& properties, const DelayLevelTable& levels) {
  if (message.topic == kScheduleTopic && !properties.delay.empty()) {
    const int level = levels.clamp(delay_level_of(properties.delay));
    if (level > 0) return message.stored.value() + levels.delay_ms(level);
  }
  return tags_code_of(properties.tags);
}

}  // namespace mqctl
