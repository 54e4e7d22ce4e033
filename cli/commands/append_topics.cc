#include "cli/commands/append_topics.h"

#include <algorithm>
#include <charconv>

#include "libstore/message/delay_level.h"
#include "libstore/message/properties.h"

namespace mqctl {
namespace {

// Where messages wait until a broker moves them to the topic that they name (REAL_TOPIC, REAL_QID).
bool is_waiting_room(std::string_view topic) {
  return topic == kScheduleTopic || topic == "RMQ_SYS_TRANS_HALF_TOPIC" || topic == "rmq_sys_wheel_timer";
}

int32_t queue_of(std::string_view text) {
  int32_t queue = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), queue);
  return error == std::errc() && end == text.data() + text.size() ? std::max(queue, 0) : 0;
}

}  // namespace

Status TopicLedger::expect(std::string_view topic, int32_t queues) {
  const auto found = queues_.find(topic);
  if (found != queues_.end() && found->second >= queues) return {};
  if (Status status = announce_({{std::string(topic), queues}}); !status.ok()) return status;
  queues_[std::string(topic)] = queues;
  return {};
}

Status TopicLedger::note(std::string_view topic, int32_t queue) {
  if (topic == last_topic_ && queue < last_queues_) return {};
  if (Status status = expect(topic, queues_up_to(queue)); !status.ok()) return status;
  last_topic_ = topic;
  last_queues_ = queues_[last_topic_];
  return {};
}

Status TopicLedger::note(const MessageDraft& draft) {
  if (Status status = note(draft.topic, draft.queue_id.value()); !status.ok()) return status;
  if (!is_waiting_room(draft.topic)) return {};
  const std::optional<std::string_view> topic = find_property(draft.properties, property::kRealTopic);
  if (!topic || topic->empty()) return {};
  const std::string_view queue = find_property(draft.properties, property::kRealQueueId).value_or("0");
  return note(*topic, queue_of(queue));
}

}  // namespace mqctl
