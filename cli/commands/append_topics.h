// TopicLedger: remembers which topics were made known, and for how many queues, so that topics.json is touched before
// the first message of a topic is put and never again for the ones that follow.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "libstore/base/status.h"
#include "libstore/message/message_encoder.h"
#include "libstore/store/topic_config.h"

namespace mqctl {

// How many queues a topic has that has this one.
constexpr int32_t queues_up_to(int32_t queue) { return queue == INT32_MAX ? queue : queue + 1; }

class TopicLedger {
 public:
  using Announce = std::function<Status(const std::vector<TopicNeed>&)>;
  explicit TopicLedger(Announce announce) : announce_(std::move(announce)) {}

  // Queues that are to be there whether or not a message comes to each of them.
  Status expect(std::string_view topic, int32_t queues);
  // The message's own topic, and the one it will be moved to where it waits in a system topic.
  Status note(const MessageDraft& draft);

 private:
  Status note(std::string_view topic, int32_t queue);

  const Announce announce_;
  std::map<std::string, int32_t, std::less<>> queues_;
  std::string last_topic_;
  int32_t last_queues_ = 0;
};

}  // namespace mqctl
