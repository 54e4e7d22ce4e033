// TransactionalMessageService: half messages, what ends them, and the question back to the producer who never said
// (Apache: TransactionalMessageServiceImpl, TransactionalMessageBridge).
//
// Half messages lie in RMQ_SYS_TRANS_HALF_TOPIC; an op message in RMQ_SYS_TRANS_OP_HALF_TOPIC names each that is done.
// How far both are settled are offsets of the group CID_RMQ_SYS_TRANS, so everything survives a restart. Thread-safe.
#pragma once

#include <map>
#include <set>
#include <string>
#include <unordered_set>
#include <vector>

#include "cli/broker/broker_message.h"
#include "libstore/base/mutex.h"
#include "libstore/store/default_message_store.h"

namespace mqctl {

class BrokerController;
class ConsumeQueue;

class TransactionalMessageService {
 public:
  explicit TransactionalMessageService(BrokerController& broker) : broker_(broker) {}

  // Makes it a half message.
  void prepare(BrokerMessage& message) const;
  // Who ends a transaction claims it first: false where somebody has ended it. What then fails gives it back.
  bool claim(const MessageView& half) EXCLUDES(mutex_);
  void give_back(const MessageView& half) EXCLUDES(mutex_);
  // The half message is done, wherever it is by now: nobody is asked about it any more.
  bool settle(const MessageView& half) EXCLUDES(mutex_);
  // The message as it was sent, its half at `half_offset`.
  static BrokerMessage restore(const MessageView& half, PhysicalOffset half_offset);
  // One round over the half messages that are open.
  void check();

 private:
  struct Op {
    QueueOffset offset;
    PhysicalOffset physical_offset;
    std::set<int64_t> halves;
  };
  std::vector<Op> read_ops(QueueOffset from);
  enum class Checked { kDone, kTooYoung, kFailed };
  Checked check_half(const MessageView& half);
  // Behind all others, with a property changed. Not where the transaction has ended meanwhile.
  Checked put_back(const MessageView& half, std::string_view property, int64_t value, MessageView& again,
                   HeldBytes& held);
  // The queue offset that it was given when it was sent.
  static int64_t first_place(const MessageView& half);
  void discard(const MessageView& half);
  void ask_producer(const MessageView& half);
  QueueOffset settled(std::string_view topic) const;
  bool put_op(int64_t half);
  // Behind the op messages that no half message needs any more, where those before `open` are done.
  QueueOffset end_of_needed(const std::vector<Op>& ops, const ConsumeQueue& halves, QueueOffset open) const;
  void begin_round() EXCLUDES(mutex_);
  bool ended_lately(int64_t first_place) const REQUIRES(mutex_);

  BrokerController& broker_;
  Mutex mutex_;
  // All by first place. Where halves that were put back are by now: who ends one late names an earlier place. Empty
  // after a start; then the op message of the first place tells.
  std::map<int64_t, int64_t> moved_ GUARDED_BY(mutex_);
  // Ended since the last round began, and in the one before: their op messages may come after the round has looked.
  std::unordered_set<int64_t> ended_ GUARDED_BY(mutex_), ended_before_ GUARDED_BY(mutex_);
};

}  // namespace mqctl
