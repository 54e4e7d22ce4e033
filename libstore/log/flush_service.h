// FlushService: brings the commit log to disk on a thread of its own.
//
// kAsync (Apache: FlushRealTimeService): at intervals; a put does not wait. kSync (GroupCommitService): a put waits
// until its bytes are on disk; one fdatasync serves everybody whose bytes were there when it began. A flush that fails
// is kept and given to every waiter: after a failed sync the kernel may have dropped the pages, so nothing after it is
// promised until the store is opened again. Thread-safe.
#pragma once

#include <chrono>
#include <cstdint>
#include <thread>

#include "libstore/base/latency_histogram.h"
#include "libstore/base/mutex.h"
#include "libstore/base/status.h"
#include "libstore/base/types.h"
#include "libstore/log/mapped_file_queue.h"

namespace mqctl {

enum class FlushMode : uint8_t { kAsync, kSync };

struct FlushOptions {
  FlushMode mode = FlushMode::kAsync;
  std::chrono::milliseconds interval{500};     // Apache: flushIntervalCommitLog
  std::chrono::milliseconds sync_limit{5000};  // Apache: syncFlushTimeout
};

class FlushService {
 public:
  FlushService(MappedFileQueue& queue, FlushOptions options);
  ~FlushService();

  FlushMode mode() const { return options_.mode; }
  // Waits until everything below the offset is on disk. kTimedOut after sync_limit: the bytes are stored all the same.
  Status wait_flushed(PhysicalOffset end) EXCLUDES(mutex_);
  // Starts a flush soon without waiting.
  void wake() EXCLUDES(mutex_);
  // Of each flush that had something to bring to disk.
  const LatencyHistogram& latency() const { return latency_; }
  // Last flush, then the thread ends. Idempotent; gives the first failure there was.
  Status shutdown() EXCLUDES(mutex_);

 private:
  void run() EXCLUDES(mutex_);
  void flush_once() REQUIRES(mutex_);

  MappedFileQueue& queue_;
  const FlushOptions options_;
  LatencyHistogram latency_;
  Mutex mutex_;
  CondVar work_;
  CondVar flushed_;
  bool wanted_ GUARDED_BY(mutex_) = false;
  bool stopping_ GUARDED_BY(mutex_) = false;
  bool finished_ GUARDED_BY(mutex_) = false;  // after the last flush
  Status failure_ GUARDED_BY(mutex_);
  std::thread thread_;
};

}  // namespace mqctl
