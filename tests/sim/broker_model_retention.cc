// What BrokerModel knows of messages that are gone because they are old.
#include <algorithm>

#include "tests/sim/broker_model.h"
#include "tests/sim/failure.h"

namespace mqctl::sim {

// It goes back where a segment's removal failed, or a power cut undid it.
void BrokerModel::log_begins_at(int64_t begin, EpochMs now) {
  require(begin % rules_.segment_bytes == 0, "the log begins at {}, within a segment", begin);
  if (begin > begin_) judge_expired(begin, now);
  begin_ = begin;
  furthest_begin_ = std::max(furthest_begin_, begin);
}

void BrokerModel::judge_expired(int64_t begin, EpochMs now) const {
  for (const auto& [number, message] : messages_) {
    const int64_t age = now - message.first_sent_at;
    if (age >= rules_.reserved_ms) continue;
    for (const auto& [physical, queue_offset] : message.places) {
      require(physical < begin_ || physical >= begin, "message {} was deleted {} ms after it was sent", number, age);
    }
  }
}

bool BrokerModel::there(const SentMessage& message) const {
  return !message.places.empty() && message.places.rbegin()->first >= begin_;
}

// A consumer was sent on: there was something that it has missed, and nothing that is not gone.
void BrokerModel::moved(const QueueKey& queue, int64_t from, int64_t to) const {
  require(furthest_begin_ > 0 && to > from, "a pull of {}/{} at {} is sent to {}", queue.first, queue.second, from, to);
  for (const auto& [number, message] : messages_) {
    if (message.kind != Kind::kPlain || QueueKey(message.topic, message.queue) != queue) continue;
    for (const auto& [physical, queue_offset] : message.places) {
      require(queue_offset < from || queue_offset >= to || physical < furthest_begin_,
              "a pull of {}/{} at {} is sent to {}, over message {}", queue.first, queue.second, from, to, number);
    }
  }
}

// The first of its places that a queue must have: what is before it is gone.
int64_t BrokerModel::least_minimum(const LoggedQueue& queue) const {
  const auto kept = std::find_if(queue.messages.begin(), queue.messages.end(),
                                 [&](const auto& each) { return each.physical >= furthest_begin_; });
  return queue.first + (kept - queue.messages.begin());
}

// A queue whose messages are all gone goes on where it was.
void BrokerModel::judge_ends() {
  std::map<QueueKey, QueueEnd> ends;
  if (audit_.exact) ends = ends_;
  for (const auto& [key, queue] : queues_) {
    if (key.first == kDeletedTopic) continue;
    const auto end = ends.find(key);
    require(
        end == ends.end() || queue.messages.front().physical <= end->second.physical || queue.first >= end->second.next,
        "queue {}/{} went on to {}, and goes on at {}", key.first, key.second, end->second.next, queue.first);
    ends[key] = {queue.messages.back().physical, queue.first + static_cast<int64_t>(queue.messages.size())};
  }
  ends_ = std::move(ends);
}

}  // namespace mqctl::sim
