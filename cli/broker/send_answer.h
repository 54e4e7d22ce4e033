// What a send is told once its messages are stored, or are not.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cli/remoting/channel.h"
#include "libstore/store/put_message_status.h"

namespace mqctl {

class BrokerController;

Response illegal_message();

// What an answer needs to know of its send. Views.
struct SentMessages {
  std::string_view topic;
  int32_t queue = 0;
  HostAddress store_host;
  std::string_view unique_key;
  std::span<const size_t> record_bytes;  // of each message before the last
  bool oneway = false;
};

// None where nobody waits for it.
std::optional<Response> answer_send(BrokerController& broker, const SentMessages& sent, const PutMessageResult& result);

// The answer to a send that waits for the disk. Keeps what it says of the request and lets go of the frame, which may
// be large. Counted among the broker's pending sends from the beginning on; called once, by any thread.
class DeferredAnswer {
 public:
  DeferredAnswer(BrokerController& broker, const Request& request, const SentMessages& sent);
  void operator()(const PutMessageResult& result) const;

 private:
  void answer(const PutMessageResult& result) const;

  BrokerController* broker_;
  ChannelPtr channel_;
  int32_t opaque_;
  SerializeType type_;
  SentMessages sent_;  // its views are set when it is asked for
  std::string topic_, unique_key_;
  std::vector<size_t> record_bytes_;
};

}  // namespace mqctl
