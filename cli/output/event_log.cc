#include "cli/output/event_log.h"

#include <string>

#include "cli/output/escape.h"
#include "cli/output/units.h"
#include "libstore/base/clock.h"
#include "libstore/base/utf8.h"

namespace mqctl {
namespace {

std::string_view name_of(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return "debug";
    case LogLevel::kInfo:
      return "info";
    case LogLevel::kWarning:
      return "warning";
    case LogLevel::kError:
    case LogLevel::kNothing:
      break;
  }
  return "error";
}

}  // namespace

std::string EventLog::line(LogLevel level, std::string_view event) const {
  std::string line;
  if (options_.json) {
    line = R"({"time":")" + time_text(system_clock().now(), Zone::kUtc) + R"(","level":")" +
           std::string(name_of(level)) + R"(","event":)";
    append_json_string(line, to_valid_utf8(event));
    line += "}\n";
  } else {
    line = time_text(system_clock().now(), Zone::kUtc) + " " + std::string(name_of(level)) + "  ";
    append_printable(line, event);
    line += '\n';
  }
  return line;
}

// One write a line, so that lines of several threads do not mix.
void EventLog::write(LogLevel level, std::string_view event) const {
  if (!wants(level) || !sink_.write(line(level, event))) return;
  const uint64_t lost = sink_.take_lost();
  if (lost == 0) return;
  const std::string text = "lines of this log that nobody read in time were lost: " + std::to_string(lost);
  (void)sink_.write(line(LogLevel::kWarning, text));
}

}  // namespace mqctl
