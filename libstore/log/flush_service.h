// FlushService: brings the commit log to disk on a thread of its own.
//
// kAsync (Apache: FlushRealTimeService): at intervals; a put does not wait. kSync (GroupCommitService): a put waits
// until its bytes are on disk; one fdatasync serves everybody whose bytes were there when it began. A flush that fails
// is kept and given to every waiter: after a failed sync the kernel may have dropped the pages, so nothing after it is
// promised until the store is opened again. Thread-safe.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <thread>

#include "libstore/base/background.h"
#include "libstore/base/latency_histogram.h"
#include "libstore/base/mutex.h"
#include "libstore/base/status.h"
#include "libstore/base/types.h"
#include "libstore/log/flush_rounds.h"
#include "libstore/log/flush_waits.h"
#include "libstore/log/mapped_file_queue.h"

namespace mqctl {

enum class FlushMode : uint8_t { kAsync, kSync };

struct FlushOptions {
  FlushMode mode = FlushMode::kAsync;
  std::chrono::milliseconds interval{500};     // Apache: flushIntervalCommitLog
  std::chrono::milliseconds sync_limit{5000};  // Apache: syncFlushTimeout
  Background background = Background::kThreads;
};

class FlushService {
 public:
  FlushService(MappedFileQueue& queue, FlushOptions options);
  ~FlushService();

  FlushMode mode() const { return options_.mode; }
  // Waits until everything below the offset is on disk. kTimedOut after sync_limit: the bytes are stored all the same.
  Status wait_flushed(PhysicalOffset end) EXCLUDES(mutex_);
  // Instead of waiting: `done` is called when everything below the offset is on disk, with what wait_flushed would have
  // returned, by whoever finds out; soon only after ask_for_waits(), one for many.
  void when_flushed(PhysicalOffset end, FlushWaits::Done done) EXCLUDES(mutex_);
  void ask_for_waits() EXCLUDES(mutex_);
  // The first flush that failed: after it nothing can be promised until the store is opened again.
  bool failed() const { return failed_.load(std::memory_order_relaxed); }
  Status failure() const EXCLUDES(mutex_);
  // Of each flush that had something to bring to disk.
  const LatencyHistogram& latency() const { return latency_; }
  // What the thread does at an interval. REQUIRES: Background::kSteps.
  void step() EXCLUDES(mutex_) { flush_once(); }
  // Last flush, then the thread ends. Idempotent; gives the first failure there was.
  Status shutdown() EXCLUDES(mutex_);

 private:
  void run() EXCLUDES(mutex_);
  void finish() EXCLUDES(mutex_);
  void flush_once() EXCLUDES(mutex_);
  void ask() EXCLUDES(mutex_);
  // Waits a moment for the crowd of the last round, so that it is one group and not two that take turns.
  void gather() const;
  // Looks for a while whether somebody asks before it sleeps.
  void await_work() EXCLUDES(mutex_);
  bool has_work() const { return asked_.load() || stopping_.load(); }

  MappedFileQueue& queue_;
  const FlushOptions options_;
  LatencyHistogram latency_;
  FlushRounds rounds_;
  FlushWaits waits_;
  int crowd_ = 0;                                // the thread's: who waited when the last round ended
  std::chrono::steady_clock::duration took_{0};  // the thread's: the last round
  std::atomic<bool> asked_{false}, stopping_{false}, sleeping_{false};  // seq_cst: see ask() and await_work()
  std::atomic<bool> finished_{false};                                   // after the last flush
  std::atomic<bool> failed_{false};                                     // failure_ is there
  mutable Mutex mutex_;
  CondVar work_;
  Status failure_ GUARDED_BY(mutex_);
  std::thread thread_;
};

}  // namespace mqctl
