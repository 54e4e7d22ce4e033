// What BrokerModel knows of the topic that is deleted now and then: its messages stay in the log, and its queues go. It
// may begin again at 0 (docs/reliability.md), so less is asked of it than of others.
#include <algorithm>

#include "tests/sim/broker_model.h"
#include "tests/sim/failure.h"

namespace mqctl::sim {

void BrokerModel::deletion_sent() {
  deleting_ = Deletion{.sent = turn, .answered = 0};
  last_deletion_ = *deleting_;
  deleted_in_life_ = deleted_in_life_.value_or(life()) == life() ? life() : 0;
}

// Without an answer it may still come, or have failed half way.
void BrokerModel::deletion_answered(size_t life_asked) {
  if (!deleting_ || life_asked != life()) return;
  deleting_->answered = last_deletion_.answered = turn;
  deletions_.push_back(*deleting_);
  deleting_.reset();
}

// Who asked after the deletion was answered gets nothing that was there before it was asked for. An attempt to send it
// that nobody answered may come in between.
void BrokerModel::judge_deleted(const SentMessage& message, uint64_t asked) const {
  const bool gone = message.attempts == 1 && std::any_of(deletions_.begin(), deletions_.end(), [&](const auto& each) {
                      return std::max(message.acknowledged, message.back_since) < each.sent && each.answered < asked;
                    });
  require(!gone, "message {} came out of its queue after its topic was deleted", message.number);
}

// Of what came after the last deletion of all, if no start was in between.
bool BrokerModel::survives_deletions(const SentMessage& message) const {
  if (message.topic != kDeletedTopic || !deleted_in_life_) return true;
  return *deleted_in_life_ == life() && last_deletion_.answered > 0 && message.first_sent > last_deletion_.answered;
}

// After a clean stop, too: what is behind all that the queues have, or what the index lost.
void BrokerModel::dispatched_again(int64_t from) {
  for (auto& [number, message] : messages_) {
    const bool again = !message.places.empty() && message.places.rbegin()->first >= from;
    if (message.topic == kDeletedTopic && again) message.back_since = turn;
  }
}

// After a crash the queues are made again from the log, which has the messages still.
void BrokerModel::forget_deletions(Stop after) {
  deleting_.reset();
  if (after != Stop::kClean) deletions_.clear();
}

}  // namespace mqctl::sim
