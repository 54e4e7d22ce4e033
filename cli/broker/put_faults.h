// PutFaults: tells the log when the store begins to refuse messages that are in order, and when it takes them again.
//
// Not every one: a line when it begins, at most one a while where it comes and goes. Thread-safe; costs a load for a
// put that went well.
#pragma once

#include <atomic>
#include <chrono>

#include "cli/output/event_log.h"
#include "libstore/store/put_message_status.h"

namespace mqctl {

class PutFaults {
 public:
  explicit PutFaults(const EventLog& log) : log_(log) {}
  PutMessageResult note(PutMessageResult result) {
    if (of_the_store(result.status)) {
      refused(result);
    } else if (refusing_.load(std::memory_order_relaxed) && stored(result.status)) {
      taken_again();
    }
    return result;
  }

 private:
  static bool of_the_store(PutMessageStatus status);
  void refused(const PutMessageResult& result);
  void taken_again();

  const EventLog& log_;
  std::atomic<bool> refusing_{false};    // and said so
  std::atomic<uint64_t> refusals_{0};    // since the last line
  std::atomic<int64_t> quiet_until_{0};  // steady clock, ms
};

}  // namespace mqctl
