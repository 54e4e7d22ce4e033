// EventLog: what a server tells while it runs: one line an event on standard error, as text or JSON. It never waits for
// who reads it: lines that he does not take are lost, and a later one says how many. Thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "cli/output/log_sink.h"

namespace mqctl {

enum class LogLevel : uint8_t { kDebug, kInfo, kWarning, kError, kNothing };

class EventLog {
 public:
  struct Options {
    LogLevel least = LogLevel::kInfo;
    bool json = false;
  };
  explicit EventLog(Options options) : options_(options) {}
  bool json() const { return options_.json; }
  bool wants(LogLevel level) const { return level >= options_.least; }
  void write(LogLevel level, std::string_view event) const;
  void debug(std::string_view event) const { write(LogLevel::kDebug, event); }
  void info(std::string_view event) const { write(LogLevel::kInfo, event); }
  void warning(std::string_view event) const { write(LogLevel::kWarning, event); }
  void error(std::string_view event) const { write(LogLevel::kError, event); }

 private:
  std::string line(LogLevel level, std::string_view event) const;
  const Options options_;
  const LogSink sink_;
};

}  // namespace mqctl
