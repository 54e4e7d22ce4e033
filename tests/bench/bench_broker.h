// A broker under load: `mqctl serve`, or a released Apache name server and broker (tests/interop/genuine-broker.sh).
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "libstore/log/flush_service.h"

namespace mqctl {

class BenchBroker {
 public:
  // On the store, or on one of its own that goes with it.
  static std::unique_ptr<BenchBroker> ours(const std::string& mqctl, const std::string& store = {},
                                           FlushMode flush = FlushMode::kAsync);
  // None where there is no java or the release cannot be fetched.
  static std::unique_ptr<BenchBroker> genuine(const std::string& script, const std::string& version,
                                              const std::string& store = {}, FlushMode flush = FlushMode::kAsync);
  ~BenchBroker();

  int port() const { return port_; }
  double ready_ms() const { return ready_ms_; }  // from the start to the line that says so
  // Of all its processes, mappings of files apart.
  double resident_anonymous_mib() const;

 private:
  BenchBroker() = default;
  std::string start(const std::vector<std::string>& command);
  int pid_ = -1, port_ = 0;
  double ready_ms_ = 0;
  std::vector<int> processes_;
  std::string directory_;  // removed at the end
};

}  // namespace mqctl
