#include "tests/sim/broker_model.h"

#include <algorithm>
#include <charconv>

#include "cli/broker/topic_validator.h"
#include "libstore/message/delay_level.h"
#include "libstore/message/properties.h"
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

SentMessage& BrokerModel::add(Kind kind, std::string topic, int32_t queue, size_t body_bytes) {
  const uint64_t number = messages_.size();
  SentMessage& message = messages_[number];
  message.number = number;
  message.kind = kind;
  message.topic = std::move(topic);
  message.queue = queue;
  message.body = std::to_string(number) + ":";
  while (message.body.size() < body_bytes)
    message.body += static_cast<char>('a' + (number * 7 + message.body.size()) % 26);
  message.properties = "UNIQ_KEY\1U" + std::to_string(number) + "\2";
  return message;
}

void BrokerModel::sent(SentMessage& message, EpochMs now) {
  if (message.attempts++ > 0) return;
  message.first_sent = turn;
  message.first_sent_at = now;
}

void BrokerModel::acknowledged(SentMessage& message, int64_t physical_offset, int64_t queue_offset) {
  const bool fresh = message.places.emplace(physical_offset, queue_offset).second;
  require(fresh, "two attempts to send message {} were answered with one place, {}", message.number, physical_offset);
  message.acknowledged = std::min(message.acknowledged, turn);
}

SentMessage& BrokerModel::recognise(const MessageView& view) {
  const std::string_view body = as_text(view.body);
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(body.data(), body.data() + body.size(), number);
  require(error == std::errc() && messages_.contains(number), "a message that was never sent, in {}", view.topic);
  SentMessage& message = messages_.at(number);
  require(message.body == body, "message {} has another body", number);
  require(message.attempts > 0, "message {} is there and was never sent", number);
  return message;
}

SentMessage& BrokerModel::asked_about(const MessageView& half, size_t life) {
  SentMessage& message = recognise(half);
  require(message.kind == Kind::kTransaction, "message {} is no transaction, and its producer is asked about it",
          message.number);
  // A question may have been on its way when the broker died.
  require(!message.settled || life != lives_.size(),
          "the transaction of message {} is ended, and its producer is asked about it", message.number);
  return message;
}

void BrokerModel::consumed(const std::string& group, const QueueKey& queue, int64_t expected, const MessageView& view,
                           EpochMs now) {
  SentMessage& message = recognise(view);
  require(view.topic == queue.first && view.queue_id.value() == queue.second && view.queue_offset.value() == expected,
          "a consumer of {}/{} at {} got {}/{} at {}", queue.first, queue.second, expected, view.topic,
          view.queue_id.value(), view.queue_offset.value());
  require(message.torn || (message.topic == view.topic && message.queue == view.queue_id.value()),
          "message {} came out of queue {}/{}", message.number, view.topic, view.queue_id.value());
  require(message.kind != Kind::kTransaction || (message.verdict == Verdict::kCommit && message.commit_sent),
          "a consumer got message {}, whose transaction was not committed", message.number);
  require(now - message.first_sent_at >= message.delay_ms, "message {} came {} ms after it was sent, not {}",
          message.number, now - message.first_sent_at, message.delay_ms);
  const auto [seen, fresh] = seen_[queue].try_emplace(expected, message.number);
  require(fresh || seen->second == message.number, "queue {}/{} had message {} at {} and has message {}", queue.first,
          queue.second, seen->second, expected, message.number);
  consumed_[group].insert(message.number);
}

void BrokerModel::begin_audit(Stop after) {
  audit_ = {};
  audit_.exact = sync_flush_ || after != Stop::kPower;
  queues_.clear();
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
    const std::optional<std::string_view> first = find_property(view.properties, "TRAN_PREPARED_QUEUE_OFFSET");
    const int64_t place = view.queue_offset.value();
    audit_.halves[message.number].emplace_back(place, first ? std::atoll(std::string(*first).c_str()) : place);
  } else if (view.topic == kScheduleTopic) {
    const int64_t due = view.stored.value() + message.delay_ms;
    const auto [earliest, fresh] = audit_.due.try_emplace(message.number, due);
    if (!fresh) earliest->second = std::min(earliest->second, due);
  } else if (view.topic != topic_name::kCheckMaxTime) {
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
  std::vector<uint64_t>& queue = queues_[{std::string(view.topic), view.queue_id.value()}];
  require(view.queue_offset.value() == static_cast<int64_t>(queue.size()), "queue {}/{}: record {} says it is {}",
          message.topic, message.queue, queue.size(), view.queue_offset.value());
  queue.push_back(message.number);
  if (message.kind == Kind::kDelayed) {
    const auto due = audit_.due.find(message.number);
    require(due != audit_.due.end(), "message {} was delivered before it was put off", message.number);
    require(view.stored.value() >= due->second, "message {} was delivered {} ms early", message.number,
            due->second - view.stored.value());
  }
  audit_.copies[message.number].emplace_back(view.physical_offset.value(), view.queue_offset.value());
}

void BrokerModel::end_audit(int64_t log_end) {
  for (auto& [number, message] : messages_) judge(message);
  judge_order();
  judge_seen();
  for (int64_t& life : lives_) life = std::min(life, log_end);
  lives_.push_back(log_end);
}

void BrokerModel::judge(SentMessage& message) {
  judge_places(message);
  judge_copies(message);
  const auto halves = audit_.halves.find(message.number);
  const bool settled = halves != audit_.halves.end() &&
                       std::all_of(halves->second.begin(), halves->second.end(), [&](const auto& place) {
                         return audit_.ended.contains(place.first) || audit_.ended.contains(place.second);
                       });
  require(!message.settled || settled || !audit_.exact, "the end of the transaction of message {} is forgotten",
          message.number);
  message.settled = settled;
}

// Where SEND_OK said, the message is.
void BrokerModel::judge_places(SentMessage& message) {
  std::erase_if(message.places, [&](const auto& place) {
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
  const bool delivered = !copies.empty();
  require(
      message.kind != Kind::kTransaction || !delivered || (message.verdict == Verdict::kCommit && message.commit_sent),
      "message {} was delivered, and its transaction not committed", message.number);
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
}

// What was answered before another was first sent is before it in their queue.
void BrokerModel::judge_order() const {
  for (const auto& [key, queue] : queues_) {
    uint64_t earliest_answer = UINT64_MAX, by = 0;
    for (size_t i = queue.size(); i-- > 0;) {
      const SentMessage& message = messages_.at(queue[i]);
      if (message.kind != Kind::kPlain) continue;
      require(message.first_sent <= earliest_answer,
              "queue {}/{}: message {} is before message {}, which was answered first", key.first, key.second,
              message.number, by);
      const bool answered_here = std::any_of(message.places.begin(), message.places.end(), [&](const auto& place) {
        return place.second == static_cast<int64_t>(i);
      });
      if (!answered_here || message.acknowledged >= earliest_answer || message.places.size() > 1) continue;
      earliest_answer = message.acknowledged;
      by = message.number;
    }
  }
}

// What consumers have seen at a place stays there.
void BrokerModel::judge_seen() {
  for (auto& [key, places] : seen_) {
    const std::vector<uint64_t>& queue = queues_[key];
    std::erase_if(places, [&](const auto& place) {
      const auto at = static_cast<size_t>(place.first);
      const bool there = at < queue.size() && queue[at] == place.second;
      require(there || !audit_.exact, "queue {}/{} gave message {} at {}, and has it no more", key.first, key.second,
              place.second, place.first);
      return !there;
    });
  }
}

size_t BrokerModel::life_of(int64_t physical_offset) const {
  return static_cast<size_t>(std::upper_bound(lives_.begin(), lives_.end(), physical_offset) - lives_.begin());
}

bool BrokerModel::must_be_delivered(const SentMessage& message) const {
  if (message.places.empty() || message.torn) return false;
  return message.kind != Kind::kTransaction || message.verdict == Verdict::kCommit;
}

std::optional<std::string> BrokerModel::unfinished() const {
  for (const auto& [number, message] : messages_) {
    if (message.kind == Kind::kTransaction && !message.places.empty() && !message.torn &&
        message.verdict == Verdict::kUnknown)
      return fmt::format("the transaction of message {} is open", number);
    for (const std::string& group : groups_) {
      const auto known = consumed_.find(group);
      const bool got = known != consumed_.end() && known->second.contains(number);
      if (!got && must_be_delivered(message)) return fmt::format("group {} never got message {}", group, number);
    }
  }
  return std::nullopt;
}

}  // namespace mqctl::sim
