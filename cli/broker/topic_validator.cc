#include "cli/broker/topic_validator.h"

#include <algorithm>

#include "libstore/message/delay_level.h"
#include "libstore/message/record_layout.h"

namespace mqctl {
namespace {

constexpr size_t kMaxGroupBytes = 120;

bool is_legal(std::string_view name) {
  return std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '%' || c == '|' ||
           c == '-' || c == '_';
  });
}

bool is_blank(std::string_view text) { return text.find_first_not_of(" \t\r\n") == text.npos; }

template <size_t N>
bool is_one_of(std::string_view name, const std::string_view (&names)[N]) {
  return std::find(std::begin(names), std::end(names), name) != std::end(names);
}

}  // namespace

std::string topic_fault(std::string_view topic) {
  const std::string name(topic);
  if (is_blank(topic)) return "The specified topic is blank.";
  if (!is_legal(topic)) {
    return "The specified topic: " + name + ", contains illegal characters, allowing only ^[%|a-zA-Z0-9_-]+$";
  }
  if (is_retry_topic(topic) || is_dlq_topic(topic)) {
    if (topic.size() <= kMaxRetryTopicBytes) return {};
    return "The specified topic is DLQ or Retry topic: " + name + ", and it's longer than topic max length: 255";
  }
  if (topic.size() <= kMaxTopicBytesV1) return {};
  return "The specified topic: " + name + ", is longer than topic max length: 127";
}

std::string group_fault(std::string_view group) {
  const std::string name(group);
  if (is_blank(group)) return "The specified group is blank.";
  if (!is_legal(group)) {
    return "The specified group: " + name + ", contains illegal characters, allowing only ^[%|a-zA-Z0-9_-]+$";
  }
  if (group.size() <= kMaxGroupBytes) return {};
  return "The specified group: " + name + ", is longer than group max length: 120";
}

bool is_forbidden_to_send(std::string_view topic) {
  static constexpr std::string_view kForbidden[] = {kScheduleTopic,        topic_name::kHalf,
                                                    topic_name::kOp,       topic_name::kCheckMaxTime,
                                                    topic_name::kSelfTest, topic_name::kOffsetMoved};
  return is_one_of(topic, kForbidden);
}

bool is_system_topic(std::string_view topic) {
  static constexpr std::string_view kSystem[] = {
      topic_name::kAutoCreate, kScheduleTopic,           topic_name::kBenchmark,
      topic_name::kHalf,       topic_name::kTrace,       topic_name::kOp,
      topic_name::kSelfTest,   topic_name::kOffsetMoved, topic_name::kCheckMaxTime};
  return is_one_of(topic, kSystem) || topic.starts_with(topic_name::kSystemPrefix);
}

bool is_system_group(std::string_view group) {
  static constexpr std::string_view kGroups[] = {"TOOLS_CONSUMER",        "FILTERSRV_CONSUMER", "SELF_TEST_C_GROUP",
                                                 "SELF_TEST_P_GROUP",     "CID_ONS-HTTP-PROXY", "CID_ONSAPI_PULL",
                                                 "CID_ONSAPI_PERMISSION", "CID_ONSAPI_OWNER",   "CID_RMQ_SYS_TRANS"};
  return is_one_of(group, kGroups) || group.starts_with("CID_RMQ_SYS_");
}

}  // namespace mqctl
