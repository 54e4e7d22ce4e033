// Sizes, durations, times and ranges as people type them and as they are shown (docs/cli-reference.md, "Values").
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "libstore/base/result.h"
#include "libstore/base/types.h"

namespace mqctl {

// "64MiB", "1GiB", "500kB", "4096"; K, M, G, T alone are powers of 1024. kInvalidArgument otherwise.
Result<uint64_t> parse_size(std::string_view text);
// "250ms", "90s", "1h30m", "7d".
Result<std::chrono::milliseconds> parse_duration(std::string_view text);
// RFC 3339 (a date alone is its midnight, no zone is UTC), 13 digits of epoch milliseconds, "now", "-1h".
Result<EpochMs> parse_time(std::string_view text, EpochMs now);

// Half-open; an open end is the least or the greatest number.
struct NumberRange {
  int64_t begin = INT64_MIN;
  int64_t end = INT64_MAX;
  bool holds(int64_t value) const { return value >= begin && value < end; }
};
// "A..B", "A..", "..B"; "A" alone is that one number.
Result<NumberRange> parse_number_range(std::string_view text);
// "A..B", "A..", "..B" of times; "A" alone is "A..".
Result<NumberRange> parse_time_range(std::string_view text, EpochMs now);

enum class Zone : uint8_t { kUtc, kLocal };
// Whether the time is in the years 0 to 9999, which is what RFC 3339 can say.
bool has_calendar_form(EpochMs time);
// "2026-01-02T03:04:05.678Z"; with kLocal "...+01:00". REQUIRES: has_calendar_form(time).
void append_time(std::string& out, EpochMs time, Zone zone);
// The same; epoch milliseconds where the calendar has no form.
std::string time_text(EpochMs time, Zone zone);

std::string size_text(double bytes);                     // "12.3 MiB"
std::string duration_text(std::chrono::seconds length);  // "1h02m"

}  // namespace mqctl
