#include "cli/broker/send_header.h"

namespace mqctl {
namespace {

struct Names {
  std::string_view group, topic, default_topic, default_queues, queue, sys_flag, born, flag, properties, reconsume,
      max_reconsume, batch;
};
constexpr Names kFull{"producerGroup", "topic", "defaultTopic", "defaultTopicQueueNums", "queueId",           "sysFlag",
                      "bornTimestamp", "flag",  "properties",   "reconsumeTimes",        "maxReconsumeTimes", "batch"};
constexpr Names kLetters{"a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "l", "m"};

int32_t small(std::optional<int64_t> value, int32_t otherwise) {
  return static_cast<int32_t>(value.value_or(otherwise));
}

}  // namespace

SendHeader SendHeader::of(const ReceivedCommand& command, bool letters) {
  const Names& names = letters ? kLetters : kFull;
  SendHeader header;
  header.group = command.text(names.group);
  header.topic = command.text(names.topic);
  header.default_topic = command.text(names.default_topic);
  header.properties = command.text(names.properties);
  const std::optional<int64_t> queue = command.number(names.queue), sys_flag = command.number(names.sys_flag);
  header.default_queues = small(command.number(names.default_queues), 4);
  header.queue = small(queue, -1);
  header.sys_flag = small(sys_flag, 0);
  header.flag = small(command.number(names.flag), 0);
  header.born = command.number_or(names.born, 0);
  header.reconsume_times = small(command.number(names.reconsume), 0);
  header.max_reconsume_times = small(command.number(names.max_reconsume), -1);
  header.batch = command.truth(names.batch);
  header.complete = command.find(names.topic).has_value() && queue.has_value() && sys_flag.has_value();
  return header;
}

}  // namespace mqctl
