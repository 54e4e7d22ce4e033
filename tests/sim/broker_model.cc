#include "tests/sim/broker_model.h"

#include <algorithm>
#include <charconv>

#include "cli/broker/topic_validator.h"
#include "tests/sim/failure.h"

namespace mqctl::sim {

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

void BrokerModel::consumed(const std::string& group, const QueueKey& queue, int64_t expected, const MessageView& view,
                           EpochMs now, uint64_t asked) {
  SentMessage& message = recognise(view);
  require(view.topic == queue.first && view.queue_id.value() == queue.second && view.queue_offset.value() == expected,
          "a consumer of {}/{} at {} got {}/{} at {}", queue.first, queue.second, expected, view.topic,
          view.queue_id.value(), view.queue_offset.value());
  if (queue.first == topic_name::kCheckMaxTime) {
    message.given_up = true;
    return;
  }
  require(message.torn || (message.topic == view.topic && message.queue == view.queue_id.value()),
          "message {} came out of queue {}/{}", message.number, view.topic, view.queue_id.value());
  require(message.kind != Kind::kTransaction || (message.verdict == Verdict::kCommit && message.commit_sent),
          "a consumer got message {}, whose transaction was not committed", message.number);
  require(now - message.first_sent_at >= message.delay_ms, "message {} came {} ms after it was sent, not {}",
          message.number, now - message.first_sent_at, message.delay_ms);
  consumed_[group].insert(message.number);
  if (queue.first == kDeletedTopic) return judge_deleted(message, asked);
  const auto [seen, fresh] = seen_[queue].try_emplace(expected, message.number);
  require(fresh || seen->second == message.number, "queue {}/{} had message {} at {} and has message {}", queue.first,
          queue.second, seen->second, expected, message.number);
}

size_t BrokerModel::life_of(int64_t physical_offset) const {
  return static_cast<size_t>(std::upper_bound(lives_.begin(), lives_.end(), physical_offset) - lives_.begin());
}

bool BrokerModel::must_be_delivered(const SentMessage& message) const {
  if (!there(message) || message.torn || !survives_deletions(message)) return false;
  return message.kind != Kind::kTransaction || (message.verdict == Verdict::kCommit && !message.given_up);
}

uint64_t BrokerModel::given_up() const {
  return static_cast<uint64_t>(
      std::count_if(messages_.begin(), messages_.end(), [](const auto& each) { return each.second.given_up; }));
}

std::optional<std::string> BrokerModel::unfinished() const {
  for (const auto& [number, message] : messages_) {
    if (std::optional<std::string> why = unfinished(message)) return why;
  }
  return std::nullopt;
}

std::optional<std::string> BrokerModel::unfinished(const SentMessage& message) const {
  const bool open = message.kind == Kind::kTransaction && message.verdict == Verdict::kUnknown && !message.given_up;
  if (open && there(message) && !message.torn)
    return fmt::format("the transaction of message {} is open", message.number);
  if (!must_be_delivered(message)) return std::nullopt;
  for (const std::string& group : groups_) {
    const auto known = consumed_.find(group);
    const bool got = known != consumed_.end() && known->second.contains(message.number);
    if (!got) return fmt::format("group {} never got message {}", group, message.number);
  }
  return std::nullopt;
}

}  // namespace mqctl::sim
