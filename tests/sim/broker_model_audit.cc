// What BrokerModel makes of a store's log: promise by promise.
#include <algorithm>

#include "cli/broker/topic_validator.h"
#include "libstore/message/delay_level.h"
#include "libstore/message/properties.h"
#include "tests/sim/broker_model.h"
#include "tests/sim/failure.h"

namespace mqctl::sim {
namespace {

bool internal(std::string_view topic) {
  return topic == kScheduleTopic || topic == topic_name::kHalf || topic == topic_name::kOp ||
         topic == topic_name::kCheckMaxTime;
}

bool ends_with_crc(std::string_view properties) {
  const std::string item = std::string(property::kRecordCrc) + kNameValueSeparator;
  const size_t at = properties.rfind(item);
  return at != properties.npos && properties.find(kPropertySeparator, at) == properties.size() - 1;
}

const char* kind_name(Kind kind) {
  return kind == Kind::kPlain ? "plain" : kind == Kind::kDelayed ? "delayed" : "transaction";
}

std::string offsets_of(const std::vector<std::pair<int64_t, int64_t>>& copies) {
  std::string text;
  for (const auto& [physical, queue_offset] : copies)
    text += fmt::format("{}{} (queue offset {})", text.empty() ? "" : ", ", physical, queue_offset);
  return text;
}

}  // namespace

void BrokerModel::begin_audit(Stop after) {
  audit_ = {};
  audit_.exact = rules_.sync_flush || after != Stop::kPower;
  queues_.clear();
  forget_deletions(after);
}

void BrokerModel::audit(const MessageView& view) {
  if (view.topic == topic_name::kOp) {
    audit_.ended.insert(std::atoll(std::string(as_text(view.body)).c_str()));
    return;
  }
  SentMessage& message = recognise(view);
  const int64_t offset = view.physical_offset.value();
  audit_.by_offset[offset] = {message.number, view.queue_offset.value()};
  require(!internal(view.topic) || message.kind != Kind::kPlain, "message {} is in {}", message.number, view.topic);
  audit_properties(message, view);
  if (view.topic == topic_name::kHalf) {
    audit_half(message, view);
  } else if (view.topic == kScheduleTopic) {
    const int64_t due = view.stored.value() + message.delay_ms;
    const auto [earliest, fresh] = audit_.due.try_emplace(message.number, due);
    if (!fresh) earliest->second = std::min(earliest->second, due);
  } else if (view.topic == topic_name::kCheckMaxTime) {
    audit_given_up(message, view);
  } else {
    audit_copy(view);
  }
}

// The properties' CRC is their last item: where a power cut took it, recovery takes the record for one without, and
// what else is gone nobody knows. Of what was confirmed under sync flush that must not be.
void BrokerModel::audit_properties(SentMessage& message, const MessageView& view) {
  if (ends_with_crc(view.properties)) return;
  const bool confirmed = message.places.contains(view.physical_offset.value());
  require(message.torn || !audit_.exact || !confirmed, "message {} has lost properties", message.number);
  message.torn = true;
}

void BrokerModel::audit_copy(const MessageView& view) {
  SentMessage& message = recognise(view);
  require(message.torn || (view.topic == message.topic && view.queue_id.value() == message.queue),
          "message {} was sent to {}/{} and is in {}/{}", message.number, message.topic, message.queue, view.topic,
          view.queue_id.value());
  enter_queue(message, view);
  if (message.kind == Kind::kDelayed) {
    const auto due = audit_.due.find(message.number);
    require(due != audit_.due.end() || furthest_begin_ > 0, "message {} was delivered before it was put off",
            message.number);
    require(due == audit_.due.end() || view.stored.value() >= due->second, "message {} was delivered {} ms early",
            message.number, due->second - view.stored.value());
  }
  audit_.copies[message.number].emplace_back(view.physical_offset.value(), view.queue_offset.value());
}

void BrokerModel::enter_queue(const SentMessage& message, const MessageView& view) {
  LoggedQueue& queue = queues_[{std::string(view.topic), view.queue_id.value()}];
  const int64_t offset = view.queue_offset.value();
  const bool may_begin_again = view.topic == kDeletedTopic;
  if (queue.messages.empty() && furthest_begin_ > 0) queue.first = offset;
  const int64_t expected = queue.first + static_cast<int64_t>(queue.messages.size());
  require(offset == expected || may_begin_again, "queue {}/{}: record {} says it is {}", view.topic,
          view.queue_id.value(), expected, offset);
  queue.messages.push_back({message.number, view.physical_offset.value()});
}

void BrokerModel::end_audit(int64_t log_end) {
  for (auto& [number, message] : messages_) judge(message);
  judge_order();
  judge_seen();
  judge_ends();
  for (int64_t& life : lives_) life = std::min(life, log_end);
  lives_.push_back(log_end);
  furthest_begin_ = std::min(furthest_begin_, log_end);  // what comes there from now on is new
}

void BrokerModel::judge(SentMessage& message) {
  judge_places(message);
  judge_copies(message);
  if (message.kind == Kind::kTransaction) judge_transaction(message);
}

// Where SEND_OK said, the message is.
void BrokerModel::judge_places(SentMessage& message) {
  std::erase_if(message.places, [&](const auto& place) {
    if (place.first < furthest_begin_) return false;
    const auto found = audit_.by_offset.find(place.first);
    const bool there = found != audit_.by_offset.end() && found->second == std::pair(message.number, place.second);
    require(there || !audit_.exact, "message {}, answered SEND_OK, is lost from offset {}", message.number,
            place.first);
    return !there;
  });
  if (message.places.empty()) message.acknowledged = UINT64_MAX;
}

void BrokerModel::judge_copies(SentMessage& message) {
  const std::vector<std::pair<int64_t, int64_t>>& copies = audit_.copies[message.number];
  const bool copy_is_gone = message.delivered && message.delivered_at < furthest_begin_;
  const bool delivered = !copies.empty() || copy_is_gone;
  std::map<size_t, int> by_life;
  for (const auto& [physical, queue_offset] : copies) {
    require(message.torn || ++by_life[message.kind == Kind::kPlain ? 0 : life_of(physical)] <= message.attempts,
            "message {} ({}) was sent {} times and is there {} times, at {}", message.number, kind_name(message.kind),
            message.attempts, copies.size(), offsets_of(copies));
  }
  require(!message.settled || message.delivered == delivered || !audit_.exact,
          "message {} was {} when its transaction ended", message.number,
          message.delivered ? "delivered" : "not delivered");
  message.delivered = delivered;
  if (!copies.empty()) message.delivered_at = copies.front().first;
}

// What was answered before another was first sent is before it in their queue.
void BrokerModel::judge_order() const {
  for (const auto& [key, queue] : queues_) {
    if (key.first == kDeletedTopic) continue;
    uint64_t earliest_answer = UINT64_MAX, by = 0;
    for (size_t i = queue.messages.size(); i-- > 0;) {
      const SentMessage& message = messages_.at(queue.messages[i].number);
      if (message.kind != Kind::kPlain) continue;
      require(message.first_sent <= earliest_answer,
              "queue {}/{}: message {} is before message {}, which was answered first", key.first, key.second,
              message.number, by);
      const bool answered_here = message.places.contains(queue.messages[i].physical);
      if (!answered_here || message.acknowledged >= earliest_answer || message.places.size() > 1) continue;
      earliest_answer = message.acknowledged;
      by = message.number;
    }
  }
}

// What consumers have seen at a place stays there.
void BrokerModel::judge_seen() {
  for (auto& [key, places] : seen_) {
    const auto known = queues_.find(key);
    const LoggedQueue queue = known == queues_.end() ? LoggedQueue() : known->second;
    std::erase_if(places, [&](const auto& place) {
      const auto at = static_cast<size_t>(place.first - queue.first);
      const bool may_be_gone = audit_.exact && furthest_begin_ > 0;
      if (may_be_gone && (place.first < queue.first || queue.messages.empty())) return false;
      const bool there = at < queue.messages.size() && queue.messages[at].number == place.second;
      require(there || !audit_.exact, "queue {}/{} gave message {} at {}, and has it no more", key.first, key.second,
              place.second, place.first);
      return !there;
    });
  }
}

}  // namespace mqctl::sim
