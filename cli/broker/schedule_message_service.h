// ScheduleMessageService: delivers delayed messages when they are due (Apache: ScheduleMessageService): queue n-1 of
// SCHEDULE_TOPIC_XXXX is level n. How far each level has come is in config/delayOffset.json, so that a restart goes on
// there.
//
// One thread, which sleeps until the next message is due or a new one comes; not started, it has none, and the owner
// calls deliver_all_due(). At least once: after a crash what was delivered since the table was last written is
// delivered again.
#pragma once

#include <map>
#include <optional>
#include <thread>

#include "libstore/base/mutex.h"
#include "libstore/base/status.h"
#include "libstore/base/types.h"
#include "libstore/message/message_view.h"

namespace mqctl {

class BrokerController;

class ScheduleMessageService {
 public:
  explicit ScheduleMessageService(BrokerController& broker) : broker_(broker) {}
  ~ScheduleMessageService() { stop(); }

  Status load();
  void start();
  void stop() EXCLUDES(mutex_);
  // What is due by now; when there is something to do next.
  EpochMs deliver_all_due() EXCLUDES(mutex_);
  // A delayed message has come.
  void wake() EXCLUDES(mutex_);
  Status persist() EXCLUDES(mutex_);
  std::map<int32_t, QueueOffset> offsets() const EXCLUDES(mutex_);

 private:
  void run() EXCLUDES(mutex_);
  // When the level has something to do next; none where it is empty.
  std::optional<EpochMs> deliver_due(int32_t level);
  bool deliver(PhysicalOffset offset);

  BrokerController& broker_;
  mutable Mutex mutex_;
  CondVar work_;
  std::map<int32_t, QueueOffset> offsets_ GUARDED_BY(mutex_);
  bool changed_ GUARDED_BY(mutex_) = false;
  bool woken_ GUARDED_BY(mutex_) = false;
  bool stopping_ GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace mqctl
