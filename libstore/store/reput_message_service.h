// ReputMessageService: follows the commit log and enters each record into its consume queue and the index (Apache's
// class of this name: "re-put"). While the store runs, nobody else writes queues and index. Its own thread does it, or,
// without the way to another thread and back, who has put a batch and calls dispatch_now(); one at a time.
//
// It looks no further than CommitLog::confirm_offset(). After draining the log the thread stays awake for a moment, so
// a steady writer never pays for waking it. An error (a full disk, a gap in a queue) stops it: what follows would be
// entered in the wrong place. The store then refuses puts and leaves its abort file, and the next start recovers.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <thread>

#include "libstore/base/background.h"
#include "libstore/base/mutex.h"
#include "libstore/base/status.h"
#include "libstore/index/dispatch_request.h"
#include "libstore/log/commit_log.h"

namespace mqctl {

class ReputMessageService {
 public:
  using Dispatch = std::function<Status(const DispatchRequest&)>;
  ReputMessageService(const CommitLog& log, const DelayLevelTable& levels, PhysicalOffset from, Dispatch dispatch,
                      Background background = Background::kThreads);
  ~ReputMessageService();

  // Everything below is in the queues and the index. Acquire: a reader that sees it sees their units.
  PhysicalOffset position() const { return PhysicalOffset(position_.load(std::memory_order_acquire)); }
  // After a put; costs a fence where the thread is awake.
  void wake();
  // Dispatches on the caller's thread: all there is, but no more than a moment's work; the rest is the own thread's.
  // Where another is at it, that one takes what is new along.
  void dispatch_now() EXCLUDES(dispatching_, mutex_);
  // Waits until the position is at least `target`; the failure where dispatch has stopped. kTimedOut after the limit.
  Status wait_for(PhysicalOffset target, std::chrono::milliseconds limit) EXCLUDES(mutex_);
  // Runs it between two records: for what only the writer of the queues may do.
  Status run_between(std::function<Status()> task) EXCLUDES(mutex_);
  // Dispatch stands: for good, or where the system had not what it takes, until it has again.
  bool failed() const { return failed_.load(std::memory_order_acquire); }
  Status failure() const EXCLUDES(mutex_);
  // Ends the thread where it stands. Idempotent.
  void shutdown() EXCLUDES(mutex_);

  // Of the last record that this life has entered, 0 before the first. Acquire, as position().
  EpochMs last_stored() const { return EpochMs(last_stored_.load(std::memory_order_acquire)); }
  PhysicalOffset last_record() const { return PhysicalOffset(last_record_.load(std::memory_order_acquire)); }

 private:
  void run() EXCLUDES(mutex_);
  void dispatch_all() EXCLUDES(dispatching_, mutex_);
  bool has_work() const { return position_.load(std::memory_order_relaxed) < log_.confirm_offset().value(); }
  bool linger() const;
  void sleep_until_woken() EXCLUDES(mutex_);
  // No more than so many bytes.
  Status drain(int64_t most) REQUIRES(dispatching_);
  Status dispatch_segment(Bytes bytes, int64_t limit) REQUIRES(dispatching_);
  // What a drain came to: a failure is kept, one that there was is over.
  void judge(Status status) EXCLUDES(mutex_);
  void pause() EXCLUDES(mutex_);
  void run_task() EXCLUDES(mutex_);

  const CommitLog& log_;
  const DelayLevelTable& levels_;
  const Dispatch dispatch_;
  const Background background_;
  Mutex dispatching_;                    // before mutex_
  std::atomic<int64_t> position_;        // release: everything below is entered
  std::atomic<int64_t> last_stored_{0};  // release, as position_
  std::atomic<int64_t> last_record_{0};
  std::atomic<bool> sleeping_{false};  // seq_cst with the log's position: no wake-up is lost
  std::atomic<bool> stopping_{false};
  std::atomic<bool> failed_{false};  // release: failure_ is there
  std::atomic<bool> over_{false};    // it failed for good
  mutable Mutex mutex_;
  CondVar work_;
  CondVar moved_;
  std::atomic<int> waiters_{0};
  std::atomic<bool> has_task_{false};  // release: task_ is there
  std::function<Status()> task_ GUARDED_BY(mutex_);
  Status task_outcome_ GUARDED_BY(mutex_);
  Status failure_ GUARDED_BY(mutex_);
  std::thread thread_;
};

}  // namespace mqctl
