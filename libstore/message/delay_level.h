// Delay levels: level n waits in queue n-1 of SCHEDULE_TOPIC_XXXX (Apache: messageDelayLevel, parseDelayLevel).
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "libstore/base/result.h"

namespace mqctl {

inline constexpr std::string_view kScheduleTopic = "SCHEDULE_TOPIC_XXXX";
inline constexpr std::string_view kDefaultDelayLevels = "1s 5s 10s 30s 1m 2m 3m 4m 5m 6m 7m 8m 9m 10m 20m 30m 1h 2h";
inline constexpr int64_t kUnknownDelayMs = 1000;  // for a level that the table does not have

class DelayLevelTable {
 public:
  // kInvalidArgument names the word that is not NUMBER followed by s, m, h or d.
  static Result<DelayLevelTable> parse(std::string_view levels);
  static const DelayLevelTable& defaults();

  int max_level() const { return static_cast<int>(delays_ms_.size()); }
  int clamp(int level) const { return level > max_level() ? max_level() : level; }
  int64_t delay_ms(int level) const;

 private:
  std::vector<int64_t> delays_ms_;
};

}  // namespace mqctl
