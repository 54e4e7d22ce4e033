#include "cli/broker/broker_config.h"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <limits>
#include <type_traits>
#include <variant>

#include "cli/broker/properties_text.h"
#include "libstore/message/delay_level.h"
#include "libstore/store/retention.h"

namespace mqctl {
namespace {

using Member =
    std::variant<std::string BrokerConfig::*, bool BrokerConfig::*, int32_t BrokerConfig::*, int64_t BrokerConfig::*>;

// Whether it may be changed while the broker runs.
enum When : uint8_t { kLive, kAtStart };

struct Key {
  std::string_view name;
  Member member;
  When when;
};

using C = BrokerConfig;
const Key kKeys[] = {
    {"brokerName", &C::broker_name, kAtStart},
    {"brokerClusterName", &C::cluster_name, kAtStart},
    {"brokerId", &C::broker_id, kAtStart},
    {"regionId", &C::region_id, kAtStart},
    {"brokerPermission", &C::permission, kLive},
    {"brokerIP1", &C::listen_address, kAtStart},
    {"listenPort", &C::listen_port, kAtStart},
    {"autoCreateTopicEnable", &C::auto_create_topic, kLive},
    {"defaultTopicQueueNums", &C::default_topic_queues, kAtStart},
    {"autoCreateSubscriptionGroup", &C::auto_create_group, kLive},
    {"clusterTopicEnable", &C::cluster_topic, kAtStart},
    {"brokerTopicEnable", &C::broker_topic, kAtStart},
    {"traceTopicEnable", &C::trace_topic, kAtStart},
    {"traceOn", &C::trace_on, kLive},
    {"notifyConsumerIdsChangedEnable", &C::notify_consumer_ids_changed, kLive},
    {"maxMessageSize", &C::max_message_bytes, kLive},
    {"mappedFileSizeCommitLog", &C::segment_bytes, kAtStart},
    {"mappedFileSizeConsumeQueue", &C::queue_segment_bytes, kAtStart},
    {"messageDelayLevel", &C::delay_levels, kAtStart},
    {"longPollingEnable", &C::long_polling, kLive},
    {"shortPollingTimeMills", &C::short_polling_ms, kLive},
    {"enablePropertyFilter", &C::property_filter, kLive},
    {"maxTransferBytesOnMessageInMemory", &C::max_transfer_bytes, kLive},
    {"maxTransferCountOnMessageInMemory", &C::max_transfer_count, kLive},
    {"defaultQueryMaxNum", &C::max_query_messages, kLive},
    {"transactionTimeOut", &C::transaction_timeout_ms, kLive},
    {"transactionCheckMax", &C::transaction_check_max, kLive},
    {"transactionCheckInterval", &C::transaction_check_interval_ms, kLive},
    {"rejectTransactionMessage", &C::reject_transactions, kLive},
    {"storeReplyMessageEnable", &C::store_reply_messages, kLive},
    {"deleteWhen", &C::delete_when, kLive},
    {"fileReservedTime", &C::reserved_hours, kLive},
    {"diskMaxUsedSpaceRatio", &C::disk_max_used_percent, kLive},
    {"cleanFileForciblyEnable", &C::clean_forcibly, kLive},
    {"flushConsumerOffsetInterval", &C::offset_flush_interval_ms, kLive},
    {"flushDelayOffsetInterval", &C::delay_offset_flush_interval_ms, kLive},
    {"flushConsumeQueueThoroughInterval", &C::checkpoint_interval_ms, kLive},
    {"channelExpiredTimeout", &C::channel_expired_ms, kLive},
    {"sendMessageThreadPoolNums", &C::send_threads, kAtStart},
    {"sendThreadPoolQueueCapacity", &C::send_queue_capacity, kAtStart},
    {"waitTimeMillsInSendQueue", &C::send_queue_wait_ms, kAtStart},
    {"pullMessageThreadPoolNums", &C::pull_threads, kAtStart},
    {"pullThreadPoolQueueCapacity", &C::pull_queue_capacity, kAtStart},
    {"waitTimeMillsInPullQueue", &C::pull_queue_wait_ms, kAtStart},
    {"litePullMessageThreadPoolNums", &C::lite_pull_threads, kAtStart},
    {"litePullThreadPoolQueueCapacity", &C::lite_pull_queue_capacity, kAtStart},
    {"waitTimeMillsInLitePullQueue", &C::lite_pull_queue_wait_ms, kAtStart},
    {"processReplyMessageThreadPoolNums", &C::reply_threads, kAtStart},
    {"replyThreadPoolQueueCapacity", &C::reply_queue_capacity, kAtStart},
    {"endTransactionThreadPoolNums", &C::end_transaction_threads, kAtStart},
    {"endTransactionPoolQueueCapacity", &C::end_transaction_queue_capacity, kAtStart},
    {"waitTimeMillsInTransactionQueue", &C::end_transaction_queue_wait_ms, kAtStart},
    {"queryMessageThreadPoolNums", &C::query_threads, kAtStart},
    {"queryThreadPoolQueueCapacity", &C::query_queue_capacity, kAtStart},
    {"heartbeatThreadPoolNums", &C::heartbeat_threads, kAtStart},
    {"heartbeatThreadPoolQueueCapacity", &C::heartbeat_queue_capacity, kAtStart},
    {"waitTimeMillsInHeartbeatQueue", &C::heartbeat_queue_wait_ms, kAtStart},
    {"clientManageThreadPoolNums", &C::client_manage_threads, kAtStart},
    {"clientManagerThreadPoolQueueCapacity", &C::client_manage_queue_capacity, kAtStart},
    {"consumerManageThreadPoolNums", &C::consumer_manage_threads, kAtStart},
    {"consumerManagerThreadPoolQueueCapacity", &C::consumer_manage_queue_capacity, kAtStart},
    {"adminBrokerThreadPoolNums", &C::admin_threads, kAtStart},
    {"adminBrokerThreadPoolQueueCapacity", &C::admin_queue_capacity, kAtStart},
    {"waitTimeMillsInAdminBrokerQueue", &C::admin_queue_wait_ms, kAtStart},
    {"serverChannelMaxIdleTimeSeconds", &C::idle_seconds, kAtStart},
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
  if (!parse_delete_when(config.delete_when)) return wrong("deleteWhen", config.delete_when);
  if (const auto levels = DelayLevelTable::parse(config.delay_levels); !levels || levels->max_level() == 0)
    return wrong("messageDelayLevel", config.delay_levels);
  return {};
}

const Key* find_key(std::string_view name) {
  const Key* const end = std::end(kKeys);
  const Key* const found = std::find_if(std::begin(kKeys), end, [&](const Key& key) { return key.name == name; });
  return found == end ? nullptr : found;
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
  const Key* const known = find_key(key);
  if (known == nullptr) return false;
  Status status = std::visit([&](auto member) { return set_field(config.*member, key, value); }, known->member);
  if (!status.ok()) return status;
  return true;
}

Result<bool> change_broker_config(BrokerConfig& config, std::string_view key, std::string_view value) {
  const Key* const known = find_key(key);
  if (key == "flushDiskType" || (known != nullptr && known->when == kAtStart)) {
    return Status::error(Errc::kUnsupported, std::string(key) + " counts when the broker starts, not while it runs");
  }
  BrokerConfig changed = config;
  Result<bool> set = set_broker_config(changed, key, value);
  if (!set) return set;
  if (Status status = check_ranges(changed); !status.ok()) return status;
  config = std::move(changed);
  return set;
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
