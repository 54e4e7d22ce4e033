// QueueCheck: consume queues against the log, both ways, in one walk over the log in memory that does not grow with it:
// of each queue only the next expected unit and a small window of its file are kept.
//
// Never findings: units below the log's minimum, pre-blank units, addresses into extension files, queues of
// multi-dispatch (LMQ) that a record does not name, batch topics, messages of topics that were deleted, and whatever
// lies in damage of the log itself.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "libstore/index/consume_queue_reader.h"
#include "libstore/message/message_view.h"
#include "libstore/message/properties.h"
#include "libstore/store/finding.h"
#include "libstore/store/log_check.h"
#include "libstore/store/queue_window.h"

namespace mqctl {

struct QueueCheckOptions {
  bool tail_may_lag = false;  // a writer is or was at work: units behind the last ones written are not missed
  uint64_t max_findings = UINT64_MAX;
};

class QueueCheck {
 public:
  QueueCheck(FileSystem& fs, const StoreLocation& location, QueueCheckOptions options);

  // Reads the directories, not the units.
  Status open();
  // Behind the last record that any queue holds; none without units.
  Result<std::optional<PhysicalOffset>> queues_end();
  // In log order. `damaged`: all damage of the log up to this record.
  Status on_record(const MessageView& message, const DispatchProperties& properties,
                   const std::vector<DamagedRange>& damaged);
  // Sorted by queue. A record behind `dispatched_from` is one that the next start enters into its queue.
  Status finish(const LogVerdict& log, PhysicalOffset dispatched_from, FindingList& findings);
  std::vector<std::string>& notes() { return notes_; }

 private:
  struct Run {
    FindingClass kind = FindingClass::kCqMissing;
    int64_t first = 0, count = 0;
    PhysicalOffset offset;
    std::string detail;
  };
  struct Queue {
    explicit Queue(QueueFiles queue_files) : files(std::move(queue_files)) {}
    QueueFiles files;
    int64_t next = -1;  // unit not yet matched or judged; -1: no record seen
    bool multi_dispatch = false;
    bool beginning_known = false;
    std::optional<PhysicalOffset> beginning;  // of its first message, where the queue is whole from there
    Run run;                                  // count 0: none
  };
  struct Expected {
    int64_t unit;
    const MessageView& message;
    const DispatchProperties& properties;
  };

  // "<topic>/<queue id>"
  static void queue_path(std::string& path, std::string_view topic, QueueId queue_id);
  Status add_queue(const QueueKey& key, uint64_t& votes_of_size);
  void judge_files();
  Queue& queue_of(std::string_view topic, QueueId queue_id);
  Status match(Queue& queue, const Expected& expected, const std::vector<DamagedRange>& damaged);
  Status match_multi_dispatch(const MessageView& message, const DispatchProperties& properties,
                              const std::vector<DamagedRange>& damaged);
  Status pass_over(Queue& queue, int64_t until, const std::vector<DamagedRange>& damaged, PhysicalOffset log_end);
  void load_topic_names();
  bool of_deleted_topic(const Queue& queue, std::string_view topic);
  Result<bool> of_earlier_life(Queue& queue, PhysicalOffset offset);
  Status find_beginning(Queue& queue);
  bool is_record_of(const QueueKey& key, int64_t queue_offset, const ConsumeQueueUnit& unit) const;
  void note_unit(Queue& queue, Run unit);
  bool caught_up(Queue& queue) const;
  void close_run(Queue& queue);
  Finding finding_of(const Queue& queue, const Run& run) const;

  FileSystem& fs_;
  const StoreLocation& location_;
  const QueueCheckOptions options_;
  std::vector<std::unique_ptr<Queue>> queues_;
  std::unordered_map<std::string, Queue*> by_name_;
  std::string name_;  // of the queue looked up last, to look up without allocating
  std::unordered_set<std::string> batch_topics_;
  std::unordered_set<std::string> topics_;  // that brokers know; empty: nothing is known
  uint64_t deleted_ = 0;                    // messages of topics that were deleted
  bool any_multi_dispatch_ = false;
  uint64_t segment_bytes_ = 0;
  FindingList found_;
  std::vector<std::string> notes_;
};

}  // namespace mqctl
