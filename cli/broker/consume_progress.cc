#include "cli/broker/consume_progress.h"

#include "cli/broker/body_text.h"
#include "cli/broker/broker_controller.h"

namespace mqctl {
namespace {

// Adds the queues of one topic; how many messages are not consumed yet.
int64_t add_queues(BrokerController& broker, const std::string& group, const std::string& name, const Topic& topic,
                   QueueTable& table) {
  int64_t behind = 0;
  for (int32_t queue = 0; queue < topic.read_queues; ++queue) {
    const int64_t max = broker.store().max_queue_offset(name, QueueId(queue)).value();
    const int64_t at = std::max<int64_t>(0, broker.offsets().query(group, name, queue).value_or(0));
    const std::optional<EpochMs> last =
        at > 0 ? broker.store().store_time(name, QueueId(queue), QueueOffset(at - 1)) : std::nullopt;
    behind += std::max<int64_t>(0, max - at);
    table.add(name, queue,
              ConfigJson{{"brokerOffset", max},
                         {"consumerOffset", at},
                         {"lastTimestamp", last ? last->value() : 0},
                         {"pullOffset", broker.offsets().last_pull(group, name, queue).value_or(at)}});
  }
  return behind;
}

}  // namespace

ConsumeProgress consume_progress(BrokerController& broker, const std::string& group,
                                 const std::set<std::string>& topics) {
  QueueTable table(broker.config().broker_name);
  ConsumeProgress progress;
  double per_second = 0;
  for (const std::string& name : topics) {
    const TopicPtr topic = broker.topics().find(name);
    if (!topic) continue;
    progress.behind += add_queues(broker, group, name, *topic, table);
    if (const auto got = broker.stats().find("GROUP_GET_NUMS", name + "@" + group))
      per_second += got->last(SlidingCount::kMinute, broker.clock().now().value()).per_second;
  }
  progress.text = "{\"consumeTps\":" + compact(ConfigJson(per_second)) + ",\"offsetTable\":" + table.text() + "}";
  return progress;
}

}  // namespace mqctl
