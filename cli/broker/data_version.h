// DataVersion: which change of a table this is; goes with every configuration table (Apache: DataVersion).
#pragma once

#include <cstdint>

#include "libstore/base/types.h"
#include "libstore/store/lenient_json.h"

namespace mqctl {

struct DataVersion {
  int64_t counter = 0;
  int64_t state_version = 0;
  int64_t timestamp = 0;

  void next(EpochMs now) {
    timestamp = now.value();
    ++counter;
  }
  ConfigJson json() const {
    return ConfigJson{{"counter", counter}, {"stateVersion", state_version}, {"timestamp", timestamp}};
  }
};

}  // namespace mqctl
