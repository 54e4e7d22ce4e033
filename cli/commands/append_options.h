// What `mqctl append` was asked to do: the flags, checked and turned into values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "libstore/base/types.h"
#include "libstore/message/host_address.h"
#include "libstore/message/record_layout.h"

namespace mqctl {

enum class InputForm : uint8_t { kLines, kJson, kRaw };
// When what was put goes to disk. kNone: never waited for; kill -9 loses nothing, a power cut may.
enum class SyncMode : uint8_t { kEach, kEnd, kNone };

inline constexpr int32_t kDefaultQueues = 4;

struct AppendOptions {
  std::string location;
  std::string topic;
  std::optional<std::string> body;  // else standard input
  InputForm input = InputForm::kLines;
  std::optional<int32_t> queue;
  int32_t queues = kDefaultQueues;  // round robin where `queue` is not given
  std::string tags;
  std::vector<std::string> keys;
  std::vector<std::pair<std::string, std::string>> properties;
  int32_t flag = 0;
  int delay_level = 0;
  std::optional<EpochMs> born;
  int64_t count = 1;
  uint64_t segment_bytes = 0;  // 0: as the files that are there have it
  uint64_t max_body_bytes = kDefaultMaxBodyBytes;
  SyncMode sync = SyncMode::kEnd;
  std::optional<HostAddress> store_host;
  HostAddress born_host = HostAddress::v4(127, 0, 0, 1, 0);
  bool receipt = false;
  bool dry_run = false;
  bool force = false;
  bool quiet = false;
  bool verbose = false;
};

}  // namespace mqctl
