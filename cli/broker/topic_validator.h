// What topics and groups may be called, and which are the broker's own (Apache: TopicValidator, Validators).
#pragma once

#include <string>
#include <string_view>

namespace mqctl {

namespace topic_name {
inline constexpr std::string_view kAutoCreate = "TBW102";
inline constexpr std::string_view kSelfTest = "SELF_TEST_TOPIC";
inline constexpr std::string_view kBenchmark = "BenchmarkTest";
inline constexpr std::string_view kOffsetMoved = "OFFSET_MOVED_EVENT";
inline constexpr std::string_view kTrace = "RMQ_SYS_TRACE_TOPIC";
inline constexpr std::string_view kHalf = "RMQ_SYS_TRANS_HALF_TOPIC";
inline constexpr std::string_view kOp = "RMQ_SYS_TRANS_OP_HALF_TOPIC";
inline constexpr std::string_view kCheckMaxTime = "TRANS_CHECK_MAX_TIME_TOPIC";
inline constexpr std::string_view kRetryPrefix = "%RETRY%";
inline constexpr std::string_view kDlqPrefix = "%DLQ%";
inline constexpr std::string_view kSystemPrefix = "rmq_sys_";
inline constexpr std::string_view kReplySuffix = "_REPLY_TOPIC";
}  // namespace topic_name

// Empty where the name is fine, else Apache's words.
std::string topic_fault(std::string_view topic);
std::string group_fault(std::string_view group);

// Whether clients may not send to it.
bool is_forbidden_to_send(std::string_view topic);
// Whether it is always a system topic, whatever the cluster is called.
bool is_system_topic(std::string_view topic);
bool is_system_group(std::string_view group);

inline std::string retry_topic(std::string_view group) {
  return std::string(topic_name::kRetryPrefix) + std::string(group);
}
inline std::string dlq_topic(std::string_view group) {
  return std::string(topic_name::kDlqPrefix) + std::string(group);
}
inline bool is_retry_topic(std::string_view topic) { return topic.starts_with(topic_name::kRetryPrefix); }
inline bool is_dlq_topic(std::string_view topic) { return topic.starts_with(topic_name::kDlqPrefix); }

}  // namespace mqctl
