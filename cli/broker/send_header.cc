#include "cli/broker/send_header.h"

#include <algorithm>
#include <array>
#include <bitset>

namespace mqctl {
namespace {

// Whether the text could be read; what could not leaves the default.
using Take = bool (*)(SendHeader& header, std::string_view value);

template <std::string_view SendHeader::*member>
bool text(SendHeader& header, std::string_view value) {
  header.*member = value;
  return true;
}

template <int32_t SendHeader::*member>
bool number(SendHeader& header, std::string_view value) {
  const std::optional<int32_t> found = small_header_number(value);
  header.*member = found.value_or(SendHeader().*member);
  return found.has_value();
}

bool born(SendHeader& header, std::string_view value) {
  header.born = header_number(value).value_or(0);
  return true;
}

bool batch(SendHeader& header, std::string_view value) {
  header.batch = header_truth(value);
  return true;
}

bool ignored(SendHeader&, std::string_view) { return true; }

struct Field {
  std::string_view name;
  Take take;
};

// In the order of their letters, from `a` on.
constexpr std::array<Field, 13> kFields{{{"producerGroup", text<&SendHeader::group>},
                                         {"topic", text<&SendHeader::topic>},
                                         {"defaultTopic", text<&SendHeader::default_topic>},
                                         {"defaultTopicQueueNums", number<&SendHeader::default_queues>},
                                         {"queueId", number<&SendHeader::queue>},
                                         {"sysFlag", number<&SendHeader::sys_flag>},
                                         {"bornTimestamp", born},
                                         {"flag", number<&SendHeader::flag>},
                                         {"properties", text<&SendHeader::properties>},
                                         {"reconsumeTimes", number<&SendHeader::reconsume_times>},
                                         {"unitMode", ignored},
                                         {"maxReconsumeTimes", number<&SendHeader::max_reconsume_times>},
                                         {"batch", batch}}};

// Of kFields; its size where the name is none of theirs.
size_t field_of(std::string_view name, bool letters) {
  if (letters && name.size() != 1) return kFields.size();
  if (letters) return std::min<size_t>(static_cast<unsigned char>(name[0] - 'a'), kFields.size());
  const auto* const found =
      std::find_if(kFields.begin(), kFields.end(), [&](const Field& field) { return field.name == name; });
  return static_cast<size_t>(found - kFields.begin());
}

}  // namespace

// One walk: of two fields of a name the last counts, as in Java.
SendHeader SendHeader::of(const ReceivedCommand& command, bool letters) {
  SendHeader header;
  std::bitset<kFields.size()> seen;
  for (const auto& [name, value] : command.ext) {
    const size_t field = field_of(name, letters);
    if (field < kFields.size()) seen[field] = kFields[field].take(header, value);
  }
  const auto has = [&](char letter) { return seen[static_cast<size_t>(letter - 'a')]; };
  header.complete = has('b') && has('e') && has('f');
  return header;
}

}  // namespace mqctl
