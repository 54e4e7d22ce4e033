// ServeChild: the program that `serve ... -- CMD` runs, in a process group of its own: signals are passed on to all of
// it, and nothing of it outlives us, not even when we are killed.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "libstore/base/result.h"

namespace mqctl {

class ServeChild {
 public:
  // With these variables added to the environment.
  static Result<ServeChild> start(const std::vector<std::string>& command,
                                  const std::vector<std::pair<std::string, std::string>>& variables);
  ServeChild(ServeChild&& other) noexcept : pid_(other.pid_) { other.pid_ = -1; }
  ~ServeChild();

  void signal(int number) const;
  // The status to return: its own, or 128 and the number of its signal. None while it runs.
  std::optional<int> poll();

 private:
  explicit ServeChild(int pid) : pid_(pid) {}
  void kill_rest() const;
  int pid_;
};

}  // namespace mqctl
