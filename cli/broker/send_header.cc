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

}  // namespace

SendHeader SendHeader::of(const ReceivedCommand& command, bool letters) {
  const Names& names = letters ? kLetters : kFull;
  SendHeader header;
  header.group = command.text(names.group);
  header.topic = command.text(names.topic);
  header.default_topic = command.text(names.default_topic);
  header.properties = command.text(names.properties);
  const std::optional<int32_t> queue = command.small_number(names.queue);
  const std::optional<int32_t> sys_flag = command.small_number(names.sys_flag);
  header.default_queues = command.small_number_or(names.default_queues, 4);
  header.queue = queue.value_or(-1);
  header.sys_flag = sys_flag.value_or(0);
  header.flag = command.small_number_or(names.flag, 0);
  header.born = command.number_or(names.born, 0);
  header.reconsume_times = command.small_number_or(names.reconsume, 0);
  header.max_reconsume_times = command.small_number_or(names.max_reconsume, -1);
  header.batch = command.truth(names.batch);
  header.complete = command.find(names.topic).has_value() && queue.has_value() && sys_flag.has_value();
  return header;
}

}  // namespace mqctl
