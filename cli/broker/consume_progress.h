// How far a group has come: the body of GET_CONSUME_STATS (Apache: ConsumeStats).
#pragma once

#include <cstdint>
#include <set>
#include <string>

namespace mqctl {

class BrokerController;

struct ConsumeProgress {
  std::string text;    // {"consumeTps":…,"offsetTable":{…}}
  int64_t behind = 0;  // messages not consumed yet
};

ConsumeProgress consume_progress(BrokerController& broker, const std::string& group,
                                 const std::set<std::string>& topics);

}  // namespace mqctl
