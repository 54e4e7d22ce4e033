// BrokerModel: what producers sent and were told, what consumers got and committed, and so what must, may and must not
// be in the broker's store and come out of it.
//
// A message has a number that its body begins with; each attempt to send it may leave a record of it, one that was
// answered SEND_OK must. Throws Failure where a promise is broken.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "libstore/message/message_view.h"
#include "tests/sim/commit_model.h"

namespace mqctl::sim {

enum class Kind : uint8_t { kPlain, kDelayed, kTransaction };
enum class Verdict : uint8_t { kUnknown, kCommit, kRollback };
// What a restart came after.
enum class Stop : uint8_t { kClean, kKill, kPower };

using QueueKey = std::pair<std::string, int32_t>;

// The one that is deleted in some of the seeds.
inline constexpr const char* kDeletedTopic = "D";

struct SentMessage {
  uint64_t number = 0;
  Kind kind = Kind::kPlain;
  std::string topic, body, properties;
  int32_t queue = 0;
  int64_t delay_ms = 0;
  int attempts = 0;
  uint64_t first_sent = 0, acknowledged = UINT64_MAX;  // turns of the simulation
  uint64_t back_since = 0;  // a start that may have brought it back after its topic was deleted
  EpochMs first_sent_at;
  std::map<int64_t, int64_t> places;  // as SEND_OK said: physical offset to queue offset
  Verdict verdict = Verdict::kUnknown;
  bool commit_sent = false;
  bool silent = false;  // its producer keeps the verdict to itself for long, perhaps for ever
  // As the log had it last.
  bool settled = false;  // an op record names each of its halves
  bool delivered = false;
  int64_t delivered_at = 0;      // physical offset
  bool given_up = false;         // or as a consumer has seen since
  bool given_up_before = false;  // before this life of the broker
  bool torn = false;             // a power cut took its properties, which nothing promised
};

// A queue as the log has it: from its first message there on, without a gap.
struct LoggedQueue {
  struct Entry {
    uint64_t number;
    int64_t physical;
  };
  int64_t first = 0;
  std::vector<Entry> messages;
};

// As the broker is configured.
struct BrokerRules {
  bool sync_flush = false;
  int check_max = 0;
  int64_t transaction_timeout_ms = 0;
  int64_t reserved_ms = 0, segment_bytes = 0;
};

class BrokerModel {
 public:
  explicit BrokerModel(const BrokerRules& rules) : rules_(rules) {}

  // --- What producers do ---
  SentMessage& add(Kind kind, std::string topic, int32_t queue, size_t body_bytes);
  SentMessage& at(uint64_t number) { return messages_.at(number); }
  void sent(SentMessage& message, EpochMs now);
  void acknowledged(SentMessage& message, int64_t physical_offset, int64_t queue_offset);
  // The broker, at its `life`, asks how the transaction of this half ended.
  SentMessage& asked_about(const MessageView& half, size_t life);

  // --- What consumers get ---
  // `asked`: the turn of the pull.
  void consumed(const std::string& group, const QueueKey& queue, int64_t expected, const MessageView& view, EpochMs now,
                uint64_t asked);
  CommitModel& commits(const std::string& group, const QueueKey& queue) { return commits_[{group, queue}]; }

  // Away from a place that its queue no longer has.
  void moved(const QueueKey& queue, int64_t from, int64_t to) const;

  // --- Retention ---
  // As it is now: what was before is gone, and must have been old.
  void log_begins_at(int64_t begin, EpochMs now);
  int64_t least_minimum(const LoggedQueue& queue) const;

  // --- Deletion of a topic ---
  void deletion_sent();
  void deletion_answered(size_t life_asked);
  void judge_deleted(const SentMessage& message, uint64_t asked) const;
  // A start that dispatched what is in the log from there on.
  void dispatched_again(int64_t from);

  // --- The store of a broker that has just come up, or is about to stop; in log order ---
  void begin_audit(Stop after);
  void audit(const MessageView& record);
  void end_audit(int64_t log_end);
  // Of user topics, as the log has them: what each queue must give.
  const std::map<QueueKey, LoggedQueue>& queues() const { return queues_; }
  // Nothing is outstanding any more: what was promised has been delivered to every group. The reason why not.
  std::optional<std::string> unfinished() const;

  uint64_t turn = 0;
  // How often the broker has started.
  size_t life() const { return lives_.size(); }
  uint64_t size() const { return messages_.size(); }
  uint64_t given_up() const;
  const std::set<std::string>& groups() const { return groups_; }
  void add_group(const std::string& group) { groups_.insert(group); }

 private:
  struct Half {
    int64_t place = 0, first = 0;  // queue offsets: its own, and the one of the first half of this transaction
    int64_t times = 0;             // its producer was asked
    EpochMs stored;
  };
  struct Deletion {
    uint64_t sent = 0, answered = 0;  // turns
  };
  struct QueueEnd {
    int64_t physical = 0, next = 0;  // of the last message, the queue offset behind it
  };
  struct Audit {
    bool exact = true;                                                    // everything answered must be there
    std::map<uint64_t, std::vector<Half>> halves;                         // by number, as all of these
    std::map<uint64_t, std::vector<int64_t>> given_up;                    // physical offsets
    std::map<uint64_t, int64_t> due;                                      // delayed ones: the earliest
    std::map<uint64_t, std::vector<std::pair<int64_t, int64_t>>> copies;  // in user topics: physical, queue offset
    std::map<int64_t, std::pair<uint64_t, int64_t>> by_offset;            // every record: number, queue offset
    std::set<int64_t> ended;                                              // half places that op records name
  };
  SentMessage& recognise(const MessageView& view);
  void audit_half(SentMessage& message, const MessageView& view);
  void audit_given_up(SentMessage& message, const MessageView& view);
  void audit_copy(const MessageView& view);
  void enter_queue(const SentMessage& message, const MessageView& view);
  void audit_properties(SentMessage& message, const MessageView& view);
  void judge(SentMessage& message);
  void judge_places(SentMessage& message);
  void judge_copies(SentMessage& message);
  void judge_transaction(SentMessage& message);
  void judge_settled(SentMessage& message);
  void judge_order() const;
  void judge_seen();
  void judge_ends();
  bool survives_deletions(const SentMessage& message) const;
  void forget_deletions(Stop after);
  void judge_expired(int64_t begin, EpochMs now) const;
  // Not gone with its segment. One that is may have been delivered before, or not.
  bool there(const SentMessage& message) const;
  size_t life_of(int64_t physical_offset) const;
  bool must_be_delivered(const SentMessage& message) const;
  std::optional<std::string> unfinished(const SentMessage& message) const;

  const BrokerRules rules_;
  std::map<uint64_t, SentMessage> messages_;
  std::set<std::string> groups_;
  std::map<std::pair<std::string, QueueKey>, CommitModel> commits_;
  std::map<std::string, std::set<uint64_t>> consumed_;  // by group
  std::map<QueueKey, std::map<int64_t, uint64_t>> seen_;
  std::vector<int64_t> lives_;  // where the log stood at each start
  std::map<QueueKey, LoggedQueue> queues_;
  std::map<QueueKey, QueueEnd> ends_;
  int64_t begin_ = 0, furthest_begin_ = 0;  // of the log
  std::vector<Deletion> deletions_;         // answered, and no crash since
  std::optional<Deletion> deleting_;
  Deletion last_deletion_;
  std::optional<size_t> deleted_in_life_;  // 0: in several
  Audit audit_;
};

}  // namespace mqctl::sim
