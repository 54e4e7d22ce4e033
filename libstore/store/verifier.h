// verify: proves the files of a store sound, or lists exactly what is not. Reads only, in memory that does not grow
// with the store (beyond the findings it was asked to keep), and beside a running broker: a tail that grows, queues
// that lag behind it, and a segment that waits for its first record are no damage.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "libstore/base/result.h"
#include "libstore/store/finding.h"
#include "libstore/store/log_check.h"
#include "libstore/store/store_location.h"

namespace mqctl {

enum class VerifyLevel : uint8_t { kFrame, kCrc, kIndex };  // each includes the ones before
enum class TailPolicy : uint8_t { kOk, kStrict };  // strict: an unfinished tail is a finding whoever is at work

struct VerifyOptions {
  VerifyLevel level = VerifyLevel::kCrc;
  TailPolicy tail = TailPolicy::kOk;
  unsigned jobs = 1;                   // threads that read segments; findings do not depend on it
  uint64_t max_findings = UINT64_MAX;  // kept; all are counted
  bool stop_at_first = false;
  const std::atomic<bool>* cancel = nullptr;  // relaxed: asks to stop soon
  // Bytes of segment files passed so far, and in all. Called by any thread, one at a time.
  std::function<void(uint64_t done, uint64_t total)> on_progress;
};

struct VerifyReport {
  std::vector<Finding> findings;  // the log's in log order, stray files, queues by name, index files by age
  uint64_t findings_total = 0;
  uint64_t segments = 0, messages = 0;
  uint64_t bytes = 0;  // of the log in use
  PhysicalOffset log_begin, log_end;
  std::vector<SegmentUsage> usage;
  std::vector<std::string> notes;         // what was passed over, and why
  VerifyLevel level = VerifyLevel::kCrc;  // what was done: without a store around it a log has no queues to check
  bool complete = true;                   // not cancelled, not stopped at the first finding
};

Result<VerifyReport> verify(FileSystem& fs, const StoreLocation& location, const VerifyOptions& options);

}  // namespace mqctl
