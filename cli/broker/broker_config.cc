#include "cli/broker/broker_config.h"

#include <charconv>
#include <limits>
#include <type_traits>
#include <variant>

#include "cli/broker/properties_text.h"
#include "libstore/message/delay_level.h"

namespace mqctl {
namespace {

using Member =
    std::variant<std::string BrokerConfig::*, bool BrokerConfig::*, int32_t BrokerConfig::*, int64_t BrokerConfig::*>;

struct Key {
  std::string_view name;
  Member member;
};

using C = BrokerConfig;
const Key kKeys[] = {
    {"brokerName", &C::broker_name},
    {"brokerClusterName", &C::cluster_name},
    {"brokerId", &C::broker_id},
    {"regionId", &C::region_id},
    {"brokerPermission", &C::permission},
    {"brokerIP1", &C::listen_address},
    {"listenPort", &C::listen_port},
    {"autoCreateTopicEnable", &C::auto_create_topic},
    {"defaultTopicQueueNums", &C::default_topic_queues},
    {"autoCreateSubscriptionGroup", &C::auto_create_group},
    {"clusterTopicEnable", &C::cluster_topic},
    {"brokerTopicEnable", &C::broker_topic},
    {"traceTopicEnable", &C::trace_topic},
    {"traceOn", &C::trace_on},
    {"notifyConsumerIdsChangedEnable", &C::notify_consumer_ids_changed},
    {"maxMessageSize", &C::max_message_bytes},
    {"mappedFileSizeCommitLog", &C::segment_bytes},
    {"mappedFileSizeConsumeQueue", &C::queue_segment_bytes},
    {"messageDelayLevel", &C::delay_levels},
    {"longPollingEnable", &C::long_polling},
    {"shortPollingTimeMills", &C::short_polling_ms},
    {"enablePropertyFilter", &C::property_filter},
    {"maxTransferBytesOnMessageInMemory", &C::max_transfer_bytes},
    {"maxTransferCountOnMessageInMemory", &C::max_transfer_count},
    {"defaultQueryMaxNum", &C::max_query_messages},
    {"transactionTimeOut", &C::transaction_timeout_ms},
    {"transactionCheckMax", &C::transaction_check_max},
    {"transactionCheckInterval", &C::transaction_check_interval_ms},
    {"rejectTransactionMessage", &C::reject_transactions},
    {"storeReplyMessageEnable", &C::store_reply_messages},
    {"deleteWhen", &C::delete_when},
    {"fileReservedTime", &C::reserved_hours},
    {"diskMaxUsedSpaceRatio", &C::disk_max_used_percent},
    {"cleanFileForciblyEnable", &C::clean_forcibly},
    {"flushConsumerOffsetInterval", &C::offset_flush_interval_ms},
    {"flushDelayOffsetInterval", &C::delay_offset_flush_interval_ms},
    {"channelExpiredTimeout", &C::channel_expired_ms},
    {"sendMessageThreadPoolNums", &C::send_threads},
    {"sendThreadPoolQueueCapacity", &C::send_queue_capacity},
    {"waitTimeMillsInSendQueue", &C::send_queue_wait_ms},
    {"pullMessageThreadPoolNums", &C::pull_threads},
    {"pullThreadPoolQueueCapacity", &C::pull_queue_capacity},
    {"waitTimeMillsInPullQueue", &C::pull_queue_wait_ms},
    {"litePullMessageThreadPoolNums", &C::lite_pull_threads},
    {"litePullThreadPoolQueueCapacity", &C::lite_pull_queue_capacity},
    {"waitTimeMillsInLitePullQueue", &C::lite_pull_queue_wait_ms},
    {"processReplyMessageThreadPoolNums", &C::reply_threads},
    {"replyThreadPoolQueueCapacity", &C::reply_queue_capacity},
    {"endTransactionThreadPoolNums", &C::end_transaction_threads},
    {"endTransactionPoolQueueCapacity", &C::end_transaction_queue_capacity},
    {"waitTimeMillsInTransactionQueue", &C::end_transaction_queue_wait_ms},
    {"queryMessageThreadPoolNums", &C::query_threads},
    {"queryThreadPoolQueueCapacity", &C::query_queue_capacity},
    {"heartbeatThreadPoolNums", &C::heartbeat_threads},
    {"heartbeatThreadPoolQueueCapacity", &C::heartbeat_queue_capacity},
    {"waitTimeMillsInHeartbeatQueue", &C::heartbeat_queue_wait_ms},
    {"clientManageThreadPoolNums", &C::client_manage_threads},
    {"clientManagerThreadPoolQueueCapacity", &C::client_manage_queue_capacity},
    {"consumerManageThreadPoolNums", &C::consumer_manage_threads},
    {"consumerManagerThreadPoolQueueCapacity", &C::consumer_manage_queue_capacity},
    {"adminBrokerThreadPoolNums", &C::admin_threads},
    {"adminBrokerThreadPoolQueueCapacity", &C::admin_queue_capacity},
    {"waitTimeMillsInAdminBrokerQueue", &C::admin_queue_wait_ms},
    {"serverChannelMaxIdleTimeSeconds", &C::idle_seconds},
};

Status wrong(std::string_view key, std::string_view value) {
  return Status::error(Errc::kInvalidArgument, "`" + std::string(value) + "` is no value of " + std::string(key));
}

template <class Number>
Status set_number(Number& field, std::string_view key, std::string_view value) {
  Number parsed{};
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), parsed);
  if (error != std::errc() || end != value.data() + value.size() || parsed < 0) return wrong(key, value);
  field = parsed;
  return {};
}

Status set_field(std::string& field, std::string_view, std::string_view value) {
  field = value;
  return {};
}
Status set_field(bool& field, std::string_view key, std::string_view value) {
  if (value != "true" && value != "false") return wrong(key, value);
  field = value == "true";
  return {};
}
Status set_field(int32_t& field, std::string_view key, std::string_view value) { return set_number(field, key, value); }
Status set_field(int64_t& field, std::string_view key, std::string_view value) { return set_number(field, key, value); }

// What would start and then fail at every send, or listen somewhere else.
Status check_ranges(const BrokerConfig& config) {
  constexpr int64_t kLeastSegment = 1024;
  const auto refuse = [](std::string_view key, int64_t value) { return wrong(key, std::to_string(value)); };
  if (config.listen_port > 65535) return refuse("listenPort", config.listen_port);
  for (const auto& [key, bytes] : {std::pair("mappedFileSizeCommitLog", config.segment_bytes),
                                   std::pair("mappedFileSizeConsumeQueue", config.queue_segment_bytes)}) {
    if (bytes != 0 && (bytes < kLeastSegment || bytes > std::numeric_limits<int32_t>::max())) return refuse(key, bytes);
  }
  if (const auto levels = DelayLevelTable::parse(config.delay_levels); !levels || levels->max_level() == 0)
    return wrong("messageDelayLevel", config.delay_levels);
  return {};
}

std::string text_of(const std::string& value) { return value; }
std::string text_of(bool value) { return value ? "true" : "false"; }
std::string text_of(int32_t value) { return std::to_string(value); }
std::string text_of(int64_t value) { return std::to_string(value); }

}  // namespace

Result<bool> set_broker_config(BrokerConfig& config, std::string_view key, std::string_view value) {
  if (key == "flushDiskType") {
    if (value != "SYNC_FLUSH" && value != "ASYNC_FLUSH") return wrong(key, value);
    config.sync_flush = value == "SYNC_FLUSH";
    return true;
  }
  for (const Key& known : kKeys) {
    if (known.name != key) continue;
    Status status = std::visit([&](auto member) { return set_field(config.*member, key, value); }, known.member);
    if (!status.ok()) return status;
    return true;
  }
  return false;
}

Result<std::vector<std::string>> read_broker_config(BrokerConfig& config, std::string_view text) {
  std::vector<std::string> ignored;
  for (const auto& [key, value] : parse_properties_text(text)) {
    Result<bool> known = set_broker_config(config, key, value);
    if (!known) return std::move(known).error();
    if (!*known) ignored.push_back(key);
  }
  if (Status status = check_ranges(config); !status.ok()) return status;
  return ignored;
}

std::vector<std::pair<std::string, std::string>> broker_config_entries(const BrokerConfig& config) {
  std::vector<std::pair<std::string, std::string>> entries;
  for (const Key& known : kKeys) {
    entries.emplace_back(known.name, std::visit([&](auto member) { return text_of(config.*member); }, known.member));
  }
  entries.emplace_back("flushDiskType", config.sync_flush ? "SYNC_FLUSH" : "ASYNC_FLUSH");
  return entries;
}

}  // namespace mqctl
