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

class TransactionalMessageService {
 public:
  explicit TransactionalMessageService(BrokerController& broker) : broker_(broker) {}

  // Makes it a half message.
  void prepare(BrokerMessage& message) const;
  // The half message at `queue_offset` is done: nobody is asked about it any more.
  bool settle(QueueOffset queue_offset) EXCLUDES(mutex_);
  // The message as it was sent, its half at `half_offset`.
  static BrokerMessage restore(const MessageView& half, PhysicalOffset half_offset);
  // One round over the half messages that are open.
  void check();

 private:
  struct Op {
    QueueOffset offset;
    std::set<int64_t> halves;
  };
  std::vector<Op> read_ops(QueueOffset from);
  enum class Checked { kDone, kTooYoung, kFailed };
  Checked check_half(const MessageView& half);
  // Behind the others, as it is, so that they need not wait for its time.
  Checked put_off(const MessageView& half);
  // The queue offset that it was given before it was put off.
  static int64_t first_place(const MessageView& half);
  void forget_first_place(const MessageView& half) EXCLUDES(mutex_);
  void discard(const MessageView& half);
  void ask_producer(const MessageView& half);
  QueueOffset settled(std::string_view topic) const;
  bool put_op(int64_t half);
  void begin_round() EXCLUDES(mutex_);
  bool ended_lately(int64_t place) const REQUIRES(mutex_);

  BrokerController& broker_;
  Mutex mutex_;
  // Halves that were put off: the producer knows the first place alone. Empty after a start; the property then tells,
  // for as long as the op message of the first place is looked at (Apache has no more than that at any time).
  std::map<int64_t, int64_t> moved_ GUARDED_BY(mutex_);
  // Places of halves that were ended since the last round began, and in the one before: their op messages may not have
  // been there yet when the round looked.
  std::unordered_set<int64_t> ended_ GUARDED_BY(mutex_), ended_before_ GUARDED_BY(mutex_);
};

}  // namespace mqctl
