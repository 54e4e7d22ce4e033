// Apache's store library under the same load: ApacheStore.java with the jars that tests/interop/genuine-broker.sh
// fetches.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tests/bench/workspace.h"

namespace mqctl {

inline constexpr const char* kApacheVersion = "5.5.0";

class ApacheStore {
 public:
  // Without java or the jars nothing can be run, and run() gives none.
  explicit ApacheStore(const BenchSetup& setup);
  bool there() const { return !library_.empty(); }
  // What it printed: each figure's name and its values in order.
  std::optional<std::map<std::string, std::vector<double>>> run(const std::vector<std::string>& words) const;
  // One figure of it, in another unit.
  std::optional<Sample> figure(const std::vector<std::string>& words, const std::string& name, double factor) const;

 private:
  std::string library_;
};

// What a shell command prints; none when it fails.
std::optional<std::string> output_of(const std::string& command);

}  // namespace mqctl
