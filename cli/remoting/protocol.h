// The numbers of RocketMQ's remoting protocol: request codes, response codes, languages, versions (Apache: RequestCode,
// ResponseCode, LanguageCode, MQVersion).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace mqctl {

namespace request_code {
inline constexpr int32_t kSendMessage = 10, kPullMessage = 11, kQueryMessage = 12, kQueryConsumerOffset = 14,
                         kUpdateConsumerOffset = 15, kUpdateAndCreateTopic = 17, kUpdateAndCreateTopicList = 18,
                         kGetAllTopicConfig = 21, kUpdateBrokerConfig = 25, kGetBrokerConfig = 26,
                         kGetBrokerRuntimeInfo = 28, kSearchOffsetByTimestamp = 29, kGetMaxOffset = 30,
                         kGetMinOffset = 31, kGetEarliestMsgStoreTime = 32, kViewMessageById = 33, kHeartBeat = 34,
                         kUnregisterClient = 35, kConsumerSendMsgBack = 36, kEndTransaction = 37,
                         kGetConsumerListByGroup = 38, kCheckTransactionState = 39, kNotifyConsumerIdsChanged = 40,
                         kLockBatchMq = 41, kUnlockBatchMq = 42, kGetAllConsumerOffset = 43, kGetAllDelayOffset = 45,
                         kCheckClientConfig = 46, kPutKvConfig = 100, kGetKvConfig = 101, kDeleteKvConfig = 102,
                         kRegisterBroker = 103, kUnregisterBroker = 104, kGetRouteInfoByTopic = 105,
                         kGetBrokerClusterInfo = 106, kUpdateAndCreateSubscriptionGroup = 200,
                         kGetAllSubscriptionGroupConfig = 201, kGetTopicStatsInfo = 202,
                         kGetConsumerConnectionList = 203, kGetProducerConnectionList = 204,
                         kWipeWritePermOfBroker = 205, kGetAllTopicListFromNameServer = 206,
                         kDeleteSubscriptionGroup = 207, kGetConsumeStats = 208, kDeleteTopicInBroker = 215,
                         kDeleteTopicInNameServer = 216, kRegisterTopicInNameServer = 217, kGetKvListByNamespace = 219,
                         kResetConsumerClientOffset = 220, kGetConsumerStatusFromClient = 221,
                         kInvokeBrokerToResetOffset = 222, kInvokeBrokerToGetConsumerStatus = 223,
                         kGetTopicsByCluster = 224, kUpdateAndCreateSubscriptionGroupList = 225,
                         kQueryTopicConsumeByWho = 300, kQueryConsumeTimeSpan = 303,
                         kGetSystemTopicListFromNameServer = 304, kGetSystemTopicListFromBroker = 305,
                         kCleanExpiredConsumeQueue = 306, kGetConsumerRunningInfo = 307, kQueryCorrectionOffset = 308,
                         kConsumeMessageDirectly = 309, kSendMessageV2 = 310, kGetUnitTopicList = 311,
                         kGetHasUnitSubTopicList = 312, kGetHasUnitSubUnUnitTopicList = 313, kCloneGroupOffset = 314,
                         kViewBrokerStatsData = 315, kCleanUnusedTopic = 316, kGetBrokerConsumeStats = 317,
                         kUpdateNameServerConfig = 318, kGetNameServerConfig = 319, kSendBatchMessage = 320,
                         kQueryConsumeQueue = 321, kQueryDataVersion = 322, kResumeCheckHalfMessage = 323,
                         kSendReplyMessage = 324, kSendReplyMessageV2 = 325, kPushReplyMessageToClient = 326,
                         kAddWritePermOfBroker = 327, kGetAllProducerInfo = 328, kDeleteExpiredCommitLog = 329,
                         kQueryTopicsByConsumer = 343, kQuerySubscriptionByConsumer = 345, kGetTopicConfig = 351,
                         kGetSubscriptionGroupConfig = 352, kUpdateAndGetGroupForbidden = 353, kLitePullMessage = 361,
                         kGetBrokerHaStatus = 907, kPopMessage = 200050, kAckMessage = 200051;
}  // namespace request_code

namespace response_code {
inline constexpr int32_t kSuccess = 0, kSystemError = 1, kSystemBusy = 2, kRequestCodeNotSupported = 3,
                         kTransactionFailed = 4, kFlushDiskTimeout = 10, kMessageIllegal = 13,
                         kServiceNotAvailable = 14, kNoPermission = 16, kTopicNotExist = 17, kPullNotFound = 19,
                         kPullRetryImmediately = 20, kPullOffsetMoved = 21, kQueryNotFound = 22,
                         kSubscriptionParseFailed = 23, kSubscriptionNotExist = 24, kSubscriptionNotLatest = 25,
                         kSubscriptionGroupNotExist = 26, kInvalidParameter = 29, kConsumerNotOnline = 206,
                         kConsumeMsgTimeout = 207, kIllegalOperation = 604;
}  // namespace response_code

// What we say we are: 5.3.3. Clients switch features on by it.
inline constexpr int32_t kProtocolVersion = 479;
// From here on a client's own maxReconsumeTimes counts.
inline constexpr int32_t kVersion349 = 121;
inline constexpr int32_t kVersion308 = 28;

enum class SerializeType : uint8_t { kJson = 0, kRocketMq = 1 };

namespace command_flag {
inline constexpr int32_t kResponse = 1, kOneway = 2;
}

inline constexpr size_t kFrameLengthBytes = 4;
inline constexpr size_t kFrameHeadBytes = 8;
inline constexpr size_t kMaxFields = 4096;           // of a header: each takes five bytes there and 32 here
inline constexpr size_t kMaxFrameBytes = 16u << 20;  // with the length field, as Apache counts

std::string_view request_code_name(int32_t code);   // "SEND_MESSAGE"; "?" for an unknown one
std::string_view response_code_name(int32_t code);  // "TOPIC_NOT_EXIST"
std::string_view language_name(uint8_t code);       // "JAVA", "GO"; "OTHER" for an unknown one
uint8_t language_code(std::string_view name);

}  // namespace mqctl
