// What `append --dry-run` tells: where the messages would go and what would change.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cli/commands/append_sink.h"
#include "cli/commands/write_target.h"
#include "libstore/base/result.h"
#include "libstore/store/topic_config.h"

namespace mqctl {

// Where a log ends, found by reading its last segment that holds anything; nothing is opened for writing.
struct LogEnd {
  PhysicalOffset end;
  uint64_t segment_bytes = 0;
  uint64_t position = 0;  // of the end in its segment
  int spare_segments = 0;
  std::string damage;  // why the log ends there, where it is neither blank nor never written
};
Result<LogEnd> find_log_end(FileSystem& fs, const WriteTarget& target, uint64_t segment_bytes_wanted);

// Lines for people.
std::string describe_plan(const WriteTarget& target, const LogEnd& end, const DrySink& sink,
                          const std::vector<TopicChange>& topics);

}  // namespace mqctl
