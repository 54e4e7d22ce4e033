// LogSink: standard error as a server's log needs it: who does not read it loses lines, and nobody waits for him.
// Thread-safe.
#pragma once

#include <atomic>
#include <cstdint>
#include <string_view>

#include "libstore/os/descriptor.h"

namespace mqctl {

class LogSink {
 public:
  LogSink();
  // A line with its end, written at once or not at all. Of a pipe: its first 4096 bytes, which no other writer's mix
  // with. False where it was lost.
  bool write(std::string_view line) const;
  // How many were lost since the last call.
  uint64_t take_lost() const { return lost_.exchange(0, std::memory_order_relaxed); }

 private:
  bool try_write(std::string_view line) const;

  Descriptor pipe_{-1};  // where it is a pipe, our own way to it: others that write there go on waiting as they do
  mutable std::atomic<uint64_t> lost_{0};
};

}  // namespace mqctl
