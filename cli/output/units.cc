#include "cli/output/units.h"

#include <array>
#include <charconv>
#include <cstdio>
#include <ctime>
#include <optional>

namespace mqctl {
namespace {

Status wrong(std::string_view text, std::string_view why) {
  return Status::error(Errc::kInvalidArgument, "`" + std::string(text) + "` " + std::string(why));
}

template <class Number>
std::optional<Number> whole_number(std::string_view text) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return value;
}

size_t digits_at_start(std::string_view text) {
  size_t count = 0;
  while (count < text.size() && text[count] >= '0' && text[count] <= '9') ++count;
  return count;
}

std::optional<uint64_t> size_unit(std::string_view unit) {
  if (unit.empty() || unit == "B") return 1;
  constexpr std::string_view kPrefixes = "KMGT";
  const char first = unit.front() == 'k' ? 'K' : unit.front();
  const size_t power = kPrefixes.find(first);
  if (power == kPrefixes.npos) return std::nullopt;
  const std::string_view rest = unit.substr(1);
  const bool binary = rest.empty() || rest == "iB" || rest == "i";
  if (!binary && rest != "B") return std::nullopt;
  uint64_t factor = 1;
  for (size_t i = 0; i <= power; ++i) factor *= binary ? 1024 : 1000;
  return factor;
}

std::optional<int64_t> duration_unit(std::string_view unit) {
  if (unit == "ms") return 1;
  if (unit == "s") return 1000;
  if (unit == "m") return 60'000;
  if (unit == "h") return 3'600'000;
  if (unit == "d") return 86'400'000;
  return std::nullopt;
}

// Takes what RFC 3339 is made of off the front of a text.
class TimeScanner {
 public:
  explicit TimeScanner(std::string_view text) : rest_(text) {}

  bool number(size_t digits, int& value) {
    if (digits_at_start(rest_) < digits) return false;
    value = *whole_number<int>(rest_.substr(0, digits));
    rest_.remove_prefix(digits);
    return true;
  }
  bool mark(std::string_view any_of) {
    if (rest_.empty() || any_of.find(rest_.front()) == any_of.npos) return false;
    rest_.remove_prefix(1);
    return true;
  }
  // Milliseconds; what is finer is cut.
  bool fraction(int& milliseconds) {
    const size_t digits = digits_at_start(rest_);
    if (digits == 0) return false;
    const std::string three = (std::string(rest_.substr(0, digits)) + "00").substr(0, 3);
    milliseconds = *whole_number<int>(three);
    rest_.remove_prefix(digits);
    return true;
  }
  // Minutes east of UTC; none is UTC.
  bool zone(int& minutes) {
    minutes = 0;
    if (rest_.empty() || mark("Zz")) return true;
    const bool west = rest_.front() == '-';
    int hours = 0, rest = 0;
    if (!mark("+-") || !number(2, hours) || (mark(":"), !number(2, rest))) return false;
    minutes = (west ? -1 : 1) * (hours * 60 + rest);
    return hours < 24 && rest < 60;
  }
  bool at_end() const { return rest_.empty(); }

 private:
  std::string_view rest_;
};

std::optional<EpochMs> calendar_time(std::string_view text) {
  TimeScanner scan(text);
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, ms = 0, zone = 0;
  if (!scan.number(4, year) || !scan.mark("-") || !scan.number(2, month) || !scan.mark("-") || !scan.number(2, day)) {
    return std::nullopt;
  }
  if (!scan.at_end()) {
    if (!scan.mark("Tt ") || !scan.number(2, hour) || !scan.mark(":") || !scan.number(2, minute)) return std::nullopt;
    if (scan.mark(":") && !scan.number(2, second)) return std::nullopt;
    if (scan.mark(".") && !scan.fraction(ms)) return std::nullopt;
    if (!scan.zone(zone) || !scan.at_end()) return std::nullopt;
  }
  const std::chrono::year_month_day date(std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day)));
  if (!date.ok() || hour > 23 || minute > 59 || second > 60) return std::nullopt;
  const int64_t days = std::chrono::sys_days(date).time_since_epoch().count();
  return EpochMs((((days * 24 + hour) * 60 + minute - zone) * 60 + second) * 1000 + ms);
}

struct Ends {
  std::string_view begin, end;
  bool range = false;
};
Ends ends_of(std::string_view text) {
  const size_t dots = text.find("..");
  if (dots == text.npos) return {text, {}, false};
  return {text.substr(0, dots), text.substr(dots + 2), true};
}

Status check_order(std::string_view text, const NumberRange& range) {
  return range.begin <= range.end ? Status() : wrong(text, "ends before it begins");
}

void append_number(std::string& out, int64_t value, int width) {
  char digits[24];
  const int length = std::snprintf(digits, sizeof digits, "%0*lld", width, static_cast<long long>(value));
  out.append(digits, static_cast<size_t>(length));
}

// Two digits without printf: times are written for every record.
void put_digits(char* to, unsigned value, int width) {
  for (int i = width - 1; i >= 0; --i, value /= 10) to[i] = static_cast<char>('0' + value % 10);
}

}  // namespace

Result<uint64_t> parse_size(std::string_view text) {
  const size_t digits = digits_at_start(text);
  const std::optional<uint64_t> number = whole_number<uint64_t>(text.substr(0, digits));
  const std::optional<uint64_t> unit = size_unit(text.substr(digits));
  if (!number || !unit) return wrong(text, "is no size; examples: 64MiB, 1GiB, 500kB, 4096");
  uint64_t bytes = 0;
  if (__builtin_mul_overflow(*number, *unit, &bytes)) return wrong(text, "is too large");
  return bytes;
}

Result<std::chrono::milliseconds> parse_duration(std::string_view text) {
  constexpr std::string_view kExamples = "is no duration; examples: 250ms, 90s, 1h30m, 7d";
  int64_t total = 0;
  std::string_view rest = text;
  while (!rest.empty() || text.empty()) {
    const size_t digits = digits_at_start(rest);
    const std::optional<int64_t> number = whole_number<int64_t>(rest.substr(0, digits));
    rest.remove_prefix(digits);
    const size_t letters = std::min(rest.find_first_of("0123456789"), rest.size());
    const std::optional<int64_t> unit = duration_unit(rest.substr(0, letters));
    int64_t part = 0;
    if (!number || !unit) return wrong(text, kExamples);
    if (__builtin_mul_overflow(*number, *unit, &part) || __builtin_add_overflow(total, part, &total)) {
      return wrong(text, "is too long");
    }
    rest.remove_prefix(letters);
  }
  return std::chrono::milliseconds(total);
}

Result<EpochMs> parse_time(std::string_view text, EpochMs now) {
  if (text == "now") return now;
  if (text.starts_with('-')) {
    Result<std::chrono::milliseconds> ago = parse_duration(text.substr(1));
    if (ago) return now - ago->count();
  }
  if (text.size() == 13 && digits_at_start(text) == 13) return EpochMs(*whole_number<int64_t>(text));
  if (const std::optional<EpochMs> time = calendar_time(text)) return *time;
  return wrong(text, "is no time; examples: 2026-01-02T03:04:05Z, 1767323045678, -1h");
}

Result<NumberRange> parse_number_range(std::string_view text) {
  const Ends ends = ends_of(text);
  NumberRange range;
  if (!ends.begin.empty()) {
    const std::optional<int64_t> begin = whole_number<int64_t>(ends.begin);
    if (!begin || *begin < 0) return wrong(text, "is no range; examples: 100..200, 100.., ..200, 100");
    range.begin = *begin;
    if (!ends.range && *begin < INT64_MAX) range.end = *begin + 1;
  }
  if (!ends.end.empty()) {
    const std::optional<int64_t> end = whole_number<int64_t>(ends.end);
    if (!end || *end < 0) return wrong(text, "is no range; examples: 100..200, 100.., ..200, 100");
    range.end = *end;
  }
  if (text.empty()) return wrong(text, "is no range; examples: 100..200, 100.., ..200, 100");
  if (Status status = check_order(text, range); !status.ok()) return status;
  return range;
}

Result<NumberRange> parse_time_range(std::string_view text, EpochMs now) {
  const Ends ends = ends_of(text);
  NumberRange range;
  if (!ends.begin.empty() || !ends.range) {
    Result<EpochMs> begin = parse_time(ends.begin, now);
    if (!begin) return std::move(begin).error();
    range.begin = begin->value();
  }
  if (!ends.end.empty()) {
    Result<EpochMs> end = parse_time(ends.end, now);
    if (!end) return std::move(end).error();
    range.end = end->value();
  }
  if (Status status = check_order(text, range); !status.ok()) return status;
  return range;
}

bool has_calendar_form(EpochMs time) {
  constexpr int64_t kYear0 = -62'167'219'200'000, kYear10000 = 253'402'300'800'000;
  return time.value() >= kYear0 && time.value() < kYear10000;
}

void append_time(std::string& out, EpochMs time, Zone zone) {
  int64_t shift_seconds = 0;
  if (zone == Zone::kLocal) {
    const std::time_t seconds = (time.value() - (time.value() < 0 ? 999 : 0)) / 1000;
    std::tm local{};
    if (::localtime_r(&seconds, &local) != nullptr) shift_seconds = local.tm_gmtoff;
  }
  const std::chrono::milliseconds at(time.value() + shift_seconds * 1000);
  const auto days = std::chrono::floor<std::chrono::days>(at);
  const std::chrono::year_month_day date{std::chrono::sys_days(days)};
  const auto in_day = static_cast<unsigned>((at - days).count());
  char text[] = "0000-00-00T00:00:00.000Z";
  put_digits(text, static_cast<unsigned>(static_cast<int>(date.year())), 4);
  put_digits(text + 5, static_cast<unsigned>(date.month()), 2);
  put_digits(text + 8, static_cast<unsigned>(date.day()), 2);
  put_digits(text + 11, in_day / 3'600'000, 2);
  put_digits(text + 14, in_day / 60'000 % 60, 2);
  put_digits(text + 17, in_day / 1000 % 60, 2);
  put_digits(text + 20, in_day % 1000, 3);
  if (zone == Zone::kUtc) {
    out.append(text, sizeof text - 1);
    return;
  }
  out.append(text, sizeof text - 2);
  const int64_t minutes = (shift_seconds < 0 ? -shift_seconds : shift_seconds) / 60;
  out += shift_seconds < 0 ? '-' : '+';
  append_number(out, minutes / 60, 2);
  out += ':';
  append_number(out, minutes % 60, 2);
}

std::string time_text(EpochMs time, Zone zone) {
  if (!has_calendar_form(time)) return std::to_string(time.value());
  std::string text;
  append_time(text, time, zone);
  return text;
}

std::string size_text(double bytes) {
  constexpr std::array<const char*, 5> kUnits{"B", "KiB", "MiB", "GiB", "TiB"};
  size_t unit = 0;
  for (; bytes >= 1024 && unit + 1 < kUnits.size(); ++unit) bytes /= 1024;
  char text[32];
  std::snprintf(text, sizeof text, unit == 0 ? "%.0f %s" : "%.1f %s", bytes, kUnits[unit]);
  return text;
}

std::string duration_text(std::chrono::seconds length) {
  const long long seconds = length.count();
  char text[48];
  if (seconds < 60) {
    std::snprintf(text, sizeof text, "%llds", seconds);
  } else if (seconds < 3600) {
    std::snprintf(text, sizeof text, "%lldm%02llds", seconds / 60, seconds % 60);
  } else {
    std::snprintf(text, sizeof text, "%lldh%02lldm", seconds / 3600, seconds / 60 % 60);
  }
  return text;
}

}  // namespace mqctl
