#include "cli/broker/schedule_message_service.h"

#include <algorithm>

#include "cli/broker/broker_controller.h"
#include "cli/broker/property_list.h"
#include "cli/broker/topic_validator.h"
#include "libstore/index/consume_queue_store.h"
#include "libstore/store/delay_offset.h"

namespace mqctl {
namespace {

constexpr int64_t kRetryMs = 1000;  // after a delivery that failed
constexpr int64_t kLongestNapMs = 10000;

}  // namespace

Status ScheduleMessageService::load() {
  Result<DelayOffsets> loaded = load_delay_offsets(broker_.fs(), broker_.options().root);
  if (!loaded) return std::move(loaded).error();
  MutexLock lock(mutex_);
  for (int32_t level = 1; level <= broker_.delay_levels().max_level(); ++level) {
    const auto known = loaded->find(level);
    const QueueOffset least = broker_.store().min_queue_offset(kScheduleTopic, QueueId(level - 1));
    const QueueOffset most = broker_.store().max_queue_offset(kScheduleTopic, QueueId(level - 1));
    const QueueOffset said = known == loaded->end() ? QueueOffset(0) : known->second;
    offsets_[level] = std::clamp(said, least, std::max(least, most));
    // An offset ahead of its queue would at the next start pass over what is put meanwhile and not yet due.
    changed_ = changed_ || offsets_[level] != said;
  }
  return {};
}

void ScheduleMessageService::start() {
  thread_ = std::thread([this] { run(); });
}

void ScheduleMessageService::stop() {
  {
    MutexLock lock(mutex_);
    stopping_ = true;
  }
  work_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void ScheduleMessageService::wake() {
  {
    MutexLock lock(mutex_);
    woken_ = true;
  }
  work_.notify_all();
}

std::map<int32_t, QueueOffset> ScheduleMessageService::offsets() const {
  MutexLock lock(mutex_);
  return offsets_;
}

Status ScheduleMessageService::persist() {
  std::map<int32_t, QueueOffset> offsets;
  {
    MutexLock lock(mutex_);
    if (!changed_) return {};
    changed_ = false;
    offsets = offsets_;
  }
  // A power cut must not take what was delivered and leave the word that it was.
  Status status = broker_.store().wait_flushed(broker_.store().max_offset());
  if (status.ok()) status = save_delay_offsets(broker_.fs(), broker_.options().root, offsets, broker_.clock().now());
  if (status.ok()) return status;
  MutexLock lock(mutex_);
  changed_ = true;
  return status;
}

void ScheduleMessageService::run() {
  while (true) {
    {
      MutexLock lock(mutex_);
      if (stopping_) return;
      woken_ = false;
    }
    const EpochMs next = deliver_all_due();
    const int64_t nap = std::max<int64_t>(1, next - broker_.clock().now());
    MutexLock lock(mutex_);
    if (!woken_ && !stopping_) work_.wait_for(mutex_, std::chrono::milliseconds(nap));
  }
}

EpochMs ScheduleMessageService::deliver_all_due() {
  EpochMs next = broker_.clock().now() + kLongestNapMs;
  for (int32_t level = 1; level <= broker_.delay_levels().max_level(); ++level) {
    if (const std::optional<EpochMs> due = deliver_due(level)) next = std::min(next, *due);
  }
  return next;
}

std::optional<EpochMs> ScheduleMessageService::deliver_due(int32_t level) {
  const ConsumeQueue* queue = broker_.store().consume_queues().find(kScheduleTopic, QueueId(level - 1));
  if (queue == nullptr) return std::nullopt;
  QueueOffset at;
  {
    MutexLock lock(mutex_);
    at = std::max(offsets_[level], queue->min_offset());
  }
  const int64_t delay = broker_.delay_levels().delay_ms(level);
  while (at < queue->max_offset()) {
    const std::optional<ConsumeQueueUnit> unit = queue->unit(at);
    if (!unit) return std::nullopt;
    const EpochMs now = broker_.clock().now();
    // A time further away than the level's delay is from before the clock was set back.
    const EpochMs due(unit->tags_code);
    if (due > now && due <= now + delay) return due;
    if (!deliver(unit->physical_offset)) return now + kRetryMs;
    ++at;
    MutexLock lock(mutex_);
    offsets_[level] = at;
    changed_ = true;
    if (stopping_) return std::nullopt;
  }
  return std::nullopt;
}

// To where it was sent in the first place. False: to be tried again.
bool ScheduleMessageService::deliver(PhysicalOffset offset) {
  MessageView view;
  const Result<HeldBytes> held = broker_.store().message_at(offset, view);
  if (!held) return true;  // retention has taken it
  BrokerMessage message = BrokerMessage::of(view);
  PropertyList properties(view.properties);
  message.topic = properties.get(property::kRealTopic);
  message.queue = std::atoi(std::string(properties.get(property::kRealQueueId)).c_str());
  if (message.topic.empty() || message.topic == topic_name::kHalf) {
    broker_.log().error("delayed message at commit-log offset " + std::to_string(offset.value()) +
                        " has no topic to go to: skipped");
    return true;
  }
  for (const std::string_view name :
       {std::string_view("DELAY"), std::string_view("TIMER_DELIVER_MS"), std::string_view("TIMER_DELAY_SEC")}) {
    properties.erase(name);
  }
  message.properties = properties.encoded();
  const PutMessageResult result = broker_.put(message);
  if (stored(result.status)) {
    broker_.stats().count_put(message.topic, 1, static_cast<uint64_t>(result.end - result.offset));
    return true;
  }
  broker_.log().warning("cannot deliver a delayed message to " + message.topic + ": " + result.reason);
  return result.status == PutMessageStatus::kMessageIllegal;
}

}  // namespace mqctl
