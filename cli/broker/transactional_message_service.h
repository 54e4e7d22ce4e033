// TransactionalMessageService: half messages, what ends them, and the question back to the producer who never said
// (Apache: TransactionalMessageServiceImpl, TransactionalMessageBridge).
//
// Half messages lie in RMQ_SYS_TRANS_HALF_TOPIC; an op message in RMQ_SYS_TRANS_OP_HALF_TOPIC names each that is done.
// How far both are settled are offsets of the group CID_RMQ_SYS_TRANS, so everything survives a restart. Thread-safe.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "cli/broker/broker_message.h"
#include "libstore/store/default_message_store.h"

namespace mqctl {

class BrokerController;

class TransactionalMessageService {
 public:
  explicit TransactionalMessageService(BrokerController& broker) : broker_(broker) {}

  // Makes it a half message.
  void prepare(BrokerMessage& message) const;
  // The half message at `queue_offset` is done: nobody is asked about it any more.
  bool settle(QueueOffset queue_offset);
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
  bool check_half(QueueOffset offset, const MessageView& half);
  void discard(const MessageView& half);
  void ask_producer(const MessageView& half);
  QueueOffset settled(std::string_view topic) const;

  BrokerController& broker_;
};

}  // namespace mqctl
