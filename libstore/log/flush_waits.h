// FlushWaits: who wants to be told when the log is on disk up to a place, without a thread that waits for it (Apache:
// the futures of GroupCommitRequest).
//
// Told in the order of their coming, by the thread that flushes; of what the disk does not take in time by a thread of
// its own, which begins with the first wait. Thread-safe.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <thread>
#include <vector>

#include "libstore/base/background.h"
#include "libstore/base/mutex.h"
#include "libstore/base/status.h"

namespace mqctl {

// What a wait that was in vain gets.
Status flush_took_too_long();

class FlushWaits {
 public:
  using Done = std::function<void(const Status&)>;
  // With Background::kSteps nobody looks at the limit.
  FlushWaits(std::chrono::milliseconds limit, Background background) : limit_(limit), background_(background) {}
  ~FlushWaits();

  void add(int64_t end, Done done) EXCLUDES(mutex_);
  // Everything below `flushed` is on disk. A failure is everybody's who waits for more.
  void settle(int64_t flushed, const Status& failure) EXCLUDES(mutex_);
  bool empty() const EXCLUDES(mutex_);

 private:
  using Deadline = std::chrono::steady_clock::time_point;
  struct Wait {
    int64_t end;
    Deadline deadline;
    Done done;
  };
  template <class Leaves>
  std::vector<Wait> take(const Leaves& leaves) EXCLUDES(mutex_);
  void watch() EXCLUDES(mutex_);
  // False when it is all over.
  bool next_look() EXCLUDES(mutex_);

  const std::chrono::milliseconds limit_;
  const Background background_;
  mutable Mutex mutex_;
  CondVar changed_;
  bool over_ GUARDED_BY(mutex_) = false;
  bool idle_ GUARDED_BY(mutex_) = false;  // the watcher sleeps until somebody waits
  std::vector<Wait> waits_ GUARDED_BY(mutex_);
  std::thread watcher_ GUARDED_BY(mutex_);
};

}  // namespace mqctl
