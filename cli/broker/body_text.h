// Bodies of answers that are not plain JSON: tables whose keys are queues are written as fastjson writes them, the key
// an object without quotes (docs/remoting.md).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "cli/remoting/remoting_command.h"
#include "libstore/store/lenient_json.h"

namespace mqctl {

inline std::string compact(const ConfigJson& json) {
  return json.dump(-1, ' ', false, ConfigJson::error_handler_t::replace);
}

// {"brokerName":"b","queueId":0,"topic":"T"}
inline ConfigJson queue_json(const std::string& broker, const std::string& topic, int32_t queue) {
  return ConfigJson{{"brokerName", broker}, {"queueId", queue}, {"topic", topic}};
}

// {{"brokerName":...}:value,...}
class QueueTable {
 public:
  explicit QueueTable(std::string broker) : broker_(std::move(broker)) {}
  void add(const std::string& topic, int32_t queue, const ConfigJson& value) {
    text_ += (text_.empty() ? "" : ",") + compact(queue_json(broker_, topic, queue)) + ":" + compact(value);
  }
  std::string text() const { return "{" + text_ + "}"; }
  bool empty() const { return text_.empty(); }

 private:
  const std::string broker_;
  std::string text_;
};

// The body of a request as JSON; none where it is not, or has an object of more than a thousand members.
std::optional<ConfigJson> body_json(const ReceivedCommand& command);

}  // namespace mqctl
