// ServeChild: the program that `serve ... -- CMD` runs, in a process group of its own: signals are passed on to all of
// it, and nothing of it outlives us, not even when we are killed (serve_guard.h).
#pragma once

#include <sys/resource.h>

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "libstore/base/result.h"
#include "libstore/os/descriptor.h"

namespace mqctl {

class ServeChild {
 public:
  // With these variables added to the environment, and this limit of descriptors.
  static Result<ServeChild> start(const std::vector<std::string>& command,
                                  const std::vector<std::pair<std::string, std::string>>& variables,
                                  const rlimit& descriptors);
  ServeChild(ServeChild&&) = default;
  // All of it is gone behind this.
  ~ServeChild();

  void signal(int number) const;
  // Readable when the command has ended.
  int descriptor() const { return outcome_.get(); }
  bool ended_within(std::chrono::milliseconds time) const;
  // The status to return: its own, or 128 and the number of its signal.
  int wait() const;

 private:
  ServeChild(Descriptor signals, Descriptor outcome) : signals_(std::move(signals)), outcome_(std::move(outcome)) {}
  Descriptor signals_, outcome_;  // to and from the guard
};

}  // namespace mqctl
