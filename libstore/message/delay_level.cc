#include "libstore/message/delay_level.h"

#include <charconv>
#include <optional>
#include <string>

namespace mqctl {
namespace {

std::optional<int64_t> unit_ms(char unit) {
  switch (unit) {
    case 's':
      return 1000;
    case 'm':
      return 60 * 1000;
    case 'h':
      return 3600 * 1000;
    case 'd':
      return 24 * 3600 * 1000;
    default:
      return std::nullopt;
  }
}

std::optional<int64_t> delay_of(std::string_view word) {
  constexpr int64_t kMost = 1'000'000'000;
  const std::optional<int64_t> unit = unit_ms(word.back());
  int64_t count = 0;
  const char* last = word.data() + word.size() - 1;
  const auto [end, error] = std::from_chars(word.data(), last, count);
  if (!unit || error != std::errc() || end != last || count < 0 || count > kMost) return std::nullopt;
  return count * *unit;
}

}  // namespace

Result<DelayLevelTable> DelayLevelTable::parse(std::string_view levels) {
  DelayLevelTable table;
  while (!levels.empty()) {
    const size_t space = levels.find(' ');
    const std::string_view word = levels.substr(0, space);
    levels.remove_prefix(space == std::string_view::npos ? levels.size() : space + 1);
    if (word.empty()) continue;
    const std::optional<int64_t> delay = delay_of(word);
    if (!delay) return Status::error(Errc::kInvalidArgument, "not a delay: '" + std::string(word) + "'");
    table.delays_ms_.push_back(*delay);
  }
  return table;
}

const DelayLevelTable& DelayLevelTable::defaults() {
  static const DelayLevelTable table = *parse(kDefaultDelayLevels);
  return table;
}

int64_t DelayLevelTable::delay_ms(int level) const {
  if (level < 1 || level > max_level()) return kUnknownDelayMs;
  return delays_ms_[static_cast<size_t>(level - 1)];
}

}  // namespace mqctl
