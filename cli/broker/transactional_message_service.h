// TransactionalMessageService: half messages, what ends them, and the question back to the producer who never said
// (Apache: TransactionalMessageServiceImpl, TransactionalMessageBridge).
//
// Half messages lie in RMQ_SYS_TRANS_HALF_TOPIC; an op message in RMQ_SYS_TRANS_OP_HALF_TOPIC names each that is done.
// How far both are settled are offsets of the group CID_RMQ_SYS_TRANS, so everything survives a restart. Thread-safe.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "cli/broker/broker_message.h"
#include "cli/broker/transaction_ops.h"
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
  // A transaction that somebody is about to end. Given back, for who comes next, unless it is settled: also where an
  // exception comes between. The half message outlives it.
  class Claim {
   public:
    Claim(TransactionalMessageService& service, const MessageView& half) : service_(&service), half_(half) {}
    Claim(Claim&& other) noexcept : service_(std::exchange(other.service_, nullptr)), half_(other.half_) {}
    Claim& operator=(Claim&&) = delete;
    ~Claim() {
      if (service_ != nullptr) service_->give_back(half_);
    }
    // The half message is done, wherever it is by now: nobody is asked about it any more.
    bool settle() { return std::exchange(service_, nullptr)->settle(half_); }

   private:
    TransactionalMessageService* service_;
    const MessageView& half_;
  };
  // Who ends a transaction claims it first: none where somebody has ended it, however long ago. One that was given up
  // can still be ended.
  std::optional<Claim> claim(const MessageView& half) EXCLUDES(mutex_);
  // The message as it was sent, its half at `half_offset`.
  static BrokerMessage restore(const MessageView& half, PhysicalOffset half_offset);
  // One round over the half messages that are open.
  void check();

 private:
  // What became of a transaction, as far as its op message has not been read yet.
  enum class End { kOpen, kClaimed, kOpMissing, kEnded };
  enum class Checked { kDone, kTooYoung, kFailed };
  void give_back(const MessageView& half) EXCLUDES(mutex_);
  bool settle(const MessageView& half) EXCLUDES(mutex_);
  Checked check_half(const MessageView& half);
  Checked ask_again(const MessageView& half);
  // Behind all others, with a property changed. Not where somebody ends the transaction meanwhile.
  Checked put_back(const MessageView& half, std::string_view property, int64_t value, MessageView& again,
                   HeldBytes& held);
  // The queue offset that it was given when it was sent.
  static int64_t first_place(const MessageView& half);
  Checked give_up(const MessageView& half) REQUIRES(mutex_);
  void ask_producer(const MessageView& half);
  QueueOffset settled(std::string_view topic) const;
  bool put_op(int64_t half);
  // Behind the op messages that no half message needs any more, where those before `open` are done.
  QueueOffset end_of_needed(const std::vector<TransactionOp>& ops, const ConsumeQueue& halves, QueueOffset open) const;
  void load() REQUIRES(mutex_);
  void load_moved(const ConsumeQueue& queue) REQUIRES(mutex_);
  End end_of(const MessageView& half) EXCLUDES(mutex_);
  // The op messages of these have been read, and all halves before `open` have been dealt with.
  void forget(const std::set<int64_t>& done, QueueOffset open) EXCLUDES(mutex_);

  BrokerController& broker_;
  Mutex mutex_;
  bool loaded_ GUARDED_BY(mutex_) = false;
  // All by first place. Where open halves that were put back are by now: who ends one late names an earlier place.
  std::map<int64_t, int64_t> moved_ GUARDED_BY(mutex_);
  // Ended, or about to be. A round forgets what it has passed and whose op message it has read: the op queue has it.
  std::unordered_map<int64_t, End> ends_ GUARDED_BY(mutex_);
};

}  // namespace mqctl
