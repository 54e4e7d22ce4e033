// QueueWalk: the places of a topic's messages in the log, out of its consume queues, in log order.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/output/units.h"
#include "libstore/index/consume_queue_reader.h"

namespace mqctl {

class QueueWalk {
 public:
  // The given queue, or all of the topic; units [offsets) of each. kNotFound where there is no such queue.
  static Result<QueueWalk> open(FileSystem& fs, const std::string& consume_queue_directory, const std::string& topic,
                                std::optional<int32_t> queue, const NumberRange& offsets, PhysicalOffset log_begin);

  // The next place; none at the end.
  Result<std::optional<PhysicalOffset>> next();

  PhysicalOffset first_place() const { return first_; }  // of all; PhysicalOffset(INT64_MAX) where there is none
  PhysicalOffset last_place() const { return last_; }    // of all; PhysicalOffset(-1) where there is none
  // Where a queue may go on that its files do not know of yet: behind the last unit of the one that is most behind.
  // INT64_MAX where the range ends before the queues do.
  PhysicalOffset unknown_from() const { return unknown_from_; }

 private:
  struct Queue {
    ConsumeQueueReader reader;
    QueueOffset at, end;
    ConsumeQueueUnit unit;  // at `at`
  };
  Status add(ConsumeQueueReader reader, const NumberRange& offsets, PhysicalOffset log_begin);
  Status load(Queue& queue);

  std::vector<Queue> queues_;
  PhysicalOffset first_ = PhysicalOffset(INT64_MAX), last_ = PhysicalOffset(-1);
  PhysicalOffset unknown_from_ = PhysicalOffset(INT64_MAX);
};

}  // namespace mqctl
