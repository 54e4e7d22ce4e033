// MetricsServer: answers GET /metrics, /healthz and /readyz by HTTP, on a thread of its own.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "libstore/base/result.h"

namespace mqctl {

struct MetricsSource {
  std::function<std::string()> metrics;    // called only when ready
  std::function<std::string()> not_ready;  // why; empty: ready
};

class MetricsServer {
 public:
  // A numeric address and a port, 0: any free one. Answers from now on.
  static Result<std::unique_ptr<MetricsServer>> start(const std::string& address, int port, MetricsSource source);
  ~MetricsServer();
  int port() const;

 private:
  struct Impl;
  explicit MetricsServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace mqctl
