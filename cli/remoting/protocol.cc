#include "cli/remoting/protocol.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace mqctl {
namespace {

namespace rc = request_code;
constexpr std::pair<int32_t, std::string_view> kNames[] = {
    {rc::kSendMessage, "SEND_MESSAGE"},
    {rc::kPullMessage, "PULL_MESSAGE"},
    {rc::kQueryMessage, "QUERY_MESSAGE"},
    {rc::kQueryConsumerOffset, "QUERY_CONSUMER_OFFSET"},
    {rc::kUpdateConsumerOffset, "UPDATE_CONSUMER_OFFSET"},
    {rc::kUpdateAndCreateTopic, "UPDATE_AND_CREATE_TOPIC"},
    {rc::kGetAllTopicConfig, "GET_ALL_TOPIC_CONFIG"},
    {rc::kUpdateBrokerConfig, "UPDATE_BROKER_CONFIG"},
    {rc::kGetBrokerConfig, "GET_BROKER_CONFIG"},
    {rc::kGetBrokerRuntimeInfo, "GET_BROKER_RUNTIME_INFO"},
    {rc::kSearchOffsetByTimestamp, "SEARCH_OFFSET_BY_TIMESTAMP"},
    {rc::kGetMaxOffset, "GET_MAX_OFFSET"},
    {rc::kGetMinOffset, "GET_MIN_OFFSET"},
    {rc::kGetEarliestMsgStoreTime, "GET_EARLIEST_MSG_STORETIME"},
    {rc::kViewMessageById, "VIEW_MESSAGE_BY_ID"},
    {rc::kHeartBeat, "HEART_BEAT"},
    {rc::kUnregisterClient, "UNREGISTER_CLIENT"},
    {rc::kConsumerSendMsgBack, "CONSUMER_SEND_MSG_BACK"},
    {rc::kEndTransaction, "END_TRANSACTION"},
    {rc::kGetConsumerListByGroup, "GET_CONSUMER_LIST_BY_GROUP"},
    {rc::kCheckTransactionState, "CHECK_TRANSACTION_STATE"},
    {rc::kNotifyConsumerIdsChanged, "NOTIFY_CONSUMER_IDS_CHANGED"},
    {rc::kLockBatchMq, "LOCK_BATCH_MQ"},
    {rc::kUnlockBatchMq, "UNLOCK_BATCH_MQ"},
    {rc::kCheckClientConfig, "CHECK_CLIENT_CONFIG"},
    {rc::kPutKvConfig, "PUT_KV_CONFIG"},
    {rc::kGetKvConfig, "GET_KV_CONFIG"},
    {rc::kDeleteKvConfig, "DELETE_KV_CONFIG"},
    {rc::kGetRouteInfoByTopic, "GET_ROUTEINFO_BY_TOPIC"},
    {rc::kGetBrokerClusterInfo, "GET_BROKER_CLUSTER_INFO"},
    {rc::kGetTopicStatsInfo, "GET_TOPIC_STATS_INFO"},
    {rc::kGetConsumeStats, "GET_CONSUME_STATS"},
    {rc::kSendMessageV2, "SEND_MESSAGE_V2"},
    {rc::kSendBatchMessage, "SEND_BATCH_MESSAGE"},
    {rc::kSendReplyMessage, "SEND_REPLY_MESSAGE"},
    {rc::kSendReplyMessageV2, "SEND_REPLY_MESSAGE_V2"},
    {rc::kPushReplyMessageToClient, "PUSH_REPLY_MESSAGE_TO_CLIENT"},
    {rc::kLitePullMessage, "LITE_PULL_MESSAGE"},
};

constexpr std::string_view kLanguages[] = {"JAVA",  "CPP",  "DOTNET", "PYTHON", "DELPHI", "ERLANG", "RUBY",
                                           "OTHER", "HTTP", "GO",     "PHP",    "OMS",    "RUST",   "NODE_JS"};
constexpr uint8_t kOtherLanguage = 7;

}  // namespace

std::string_view request_code_name(int32_t code) {
  const auto* found =
      std::find_if(std::begin(kNames), std::end(kNames), [code](const auto& each) { return each.first == code; });
  return found == std::end(kNames) ? "?" : found->second;
}

std::string_view language_name(uint8_t code) {
  return code < std::size(kLanguages) ? kLanguages[code] : kLanguages[kOtherLanguage];
}

uint8_t language_code(std::string_view name) {
  const auto* found = std::find(std::begin(kLanguages), std::end(kLanguages), name);
  return found == std::end(kLanguages) ? kOtherLanguage : static_cast<uint8_t>(found - std::begin(kLanguages));
}

}  // namespace mqctl
