// StopSignals: turns SIGINT and SIGTERM, or others, into a request to stop, so that a command that writes can end
// cleanly. SIGHUP that is ignored, as under nohup, stays so.
//
// The first signal is remembered; one that comes later has its usual effect. One object at a time in the process; the
// destructor puts the old handlers back.
#pragma once

#include <atomic>
#include <chrono>
#include <csignal>
#include <initializer_list>
#include <utility>
#include <vector>

namespace mqctl {

class StopSignals {
 public:
  explicit StopSignals(std::initializer_list<int> numbers = {SIGINT, SIGTERM});
  ~StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

  int caught() const;                     // the signal, 0 for none yet
  const std::atomic<bool>& flag() const;  // set with the first signal
  // Waits until the descriptor can be read; false when a signal came first.
  bool wait_readable(int fd) const;
  // Waits so long, or until a signal; false for a signal.
  bool sleep(std::chrono::milliseconds time) const;

 private:
  std::vector<std::pair<int, struct sigaction>> before_;
};

}  // namespace mqctl
