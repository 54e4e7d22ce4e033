#include "cli/broker/send_header.h"

#include <algorithm>
#include <array>
#include <utility>

namespace mqctl {
namespace {

constexpr std::array<std::pair<std::string_view, char>, 12> kLetters{{{"producerGroup", 'a'},
                                                                      {"topic", 'b'},
                                                                      {"defaultTopic", 'c'},
                                                                      {"defaultTopicQueueNums", 'd'},
                                                                      {"queueId", 'e'},
                                                                      {"sysFlag", 'f'},
                                                                      {"bornTimestamp", 'g'},
                                                                      {"flag", 'h'},
                                                                      {"properties", 'i'},
                                                                      {"reconsumeTimes", 'j'},
                                                                      {"maxReconsumeTimes", 'l'},
                                                                      {"batch", 'm'}}};

char letter_of(std::string_view name, bool letters) {
  if (letters) return name.size() == 1 ? name.front() : '\0';
  const auto* const found =
      std::find_if(kLetters.begin(), kLetters.end(), [&](const auto& one) { return one.first == name; });
  return found == kLetters.end() ? '\0' : found->second;
}

struct Required {
  bool topic = false, queue = false, sys_flag = false;
};

void take(SendHeader& header, Required& seen, char letter, std::string_view value) {
  const auto number = [&](int32_t otherwise) { return small_header_number(value).value_or(otherwise); };
  switch (letter) {
    case 'a':
      header.group = value;
      break;
    case 'b':
      header.topic = value;
      seen.topic = true;
      break;
    case 'c':
      header.default_topic = value;
      break;
    case 'd':
      header.default_queues = number(4);
      break;
    case 'e':
      header.queue = number(-1);
      seen.queue = small_header_number(value).has_value();
      break;
    case 'f':
      header.sys_flag = number(0);
      seen.sys_flag = small_header_number(value).has_value();
      break;
    case 'g':
      header.born = header_number(value).value_or(0);
      break;
    case 'h':
      header.flag = number(0);
      break;
    case 'i':
      header.properties = value;
      break;
    case 'j':
      header.reconsume_times = number(0);
      break;
    case 'l':
      header.max_reconsume_times = number(-1);
      break;
    case 'm':
      header.batch = header_truth(value);
      break;
    default:
      break;
  }
}

}  // namespace

// One walk: of two fields of a name the last counts, as in Java.
SendHeader SendHeader::of(const ReceivedCommand& command, bool letters) {
  SendHeader header;
  Required seen;
  for (const auto& [name, value] : command.ext) take(header, seen, letter_of(name, letters), value);
  header.complete = seen.topic && seen.queue && seen.sys_flag;
  return header;
}

}  // namespace mqctl
