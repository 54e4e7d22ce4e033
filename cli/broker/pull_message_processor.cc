// Pulls: 11 and 361 (Apache: PullMessageProcessor, DefaultPullMessageResultHandler). What is found goes out straight
// from the store's mappings; a pull that finds nothing is parked until a message for it comes, or its time is over.
#include <algorithm>

#include "cli/broker/broker_controller.h"
#include "cli/broker/processors.h"
#include "cli/broker/send_check.h"
#include "libstore/index/consume_queue_store.h"

namespace mqctl {
namespace {

namespace rc = response_code;

constexpr int32_t kCommitBit = 1, kSuspendBit = 2, kSubscriptionBit = 4;
constexpr int kMaxScannedUnits = 800;  // of a filtered pull

struct Found {
  int32_t code = rc::kPullNotFound;
  int64_t next = 0, min = 0, max = 0;
  std::string_view status;
  std::vector<HeldBytes> records;
  size_t bytes = 0;
};

// Apache: ForbiddenType.
constexpr int32_t kBrokerForbidden = 1, kGroupForbidden = 2, kBroadcastForbidden = 4, kTopicForbidden = 3,
                  kSubscriptionForbidden = 5;

Response forbidden(int32_t type, std::string why) {
  Response response = Response::of(rc::kNoPermission, std::move(why));
  response.command.set("forbiddenType", type);
  return response;
}

class PullMessage {
 public:
  PullMessage(BrokerController& broker, const RequestPtr& request, bool may_park)
      : broker_(broker), request_(request), may_park_(may_park) {
    const ReceivedCommand& command = request->command;
    group_ = command.text("consumerGroup");
    topic_ = command.text("topic");
    sys_flag_ = command.small_number_or("sysFlag", 0);
    const std::optional<int32_t> queue = command.small_number("queueId");
    const std::optional<int64_t> offset = command.number("queueOffset");
    commits_ = may_park_ && (sys_flag_ & kCommitBit) != 0;
    complete_ = queue && offset && (!commits_ || command.number("commitOffset"));
    queue_ = queue.value_or(-1);
    offset_ = offset.value_or(0);
  }

  std::optional<Response> run() {
    if (std::optional<Response> fault = check()) return fault;
    if (std::optional<Response> fault = find_subscription()) return fault;
    if (commits_) {
      broker_.offsets().commit(group_, topic_, queue_, request_->command.number_or("commitOffset", 0));
    }
    if (const std::optional<int64_t> reset = broker_.offsets().take_reset(group_, topic_, queue_)) {
      Found moved = bounds();
      moved.code = rc::kPullOffsetMoved;
      moved.next = *reset;
      moved.status = "OFFSET_RESET";
      return answer(std::move(moved));
    }
    broker_.offsets().note_pull(group_, topic_, queue_, offset_);
    const bool suspend = (sys_flag_ & kSuspendBit) != 0 && may_park_;
    // Not when woken by the dispatch, which would wait for itself.
    if (may_park_ && !suspend) broker_.store().await_dispatch(kReadOwnWrites);
    Found found = collect();
    if (found.code == rc::kPullNotFound && suspend && park(found)) return std::nullopt;
    return answer(std::move(found));
  }

  const SubscriptionData& subscription() const { return subscription_; }

 private:
  std::optional<Response> check() {
    if (!complete_)
      return Response::of(rc::kInvalidParameter, "the request lacks queueId, queueOffset or commitOffset");
    if (!broker_may(broker_, permission::kRead))
      return forbidden(kBrokerForbidden, broker_forbids(broker_, *request_, "pulling message"));
    // One that was deleted while it waited is not to come back by that.
    const std::optional<SubscriptionGroup> group = may_park_ ? broker_.group(group_) : broker_.groups().known(group_);
    if (!group) {
      return Response::of(rc::kSubscriptionGroupNotExist,
                          "subscription group [" + std::string(group_) + "] does not exist, " + std::string(kFaq));
    }
    if (!group->consume_enable())
      return forbidden(kGroupForbidden, "subscription group no permission, " + std::string(group_));
    const TopicPtr topic = broker_.topics().find(topic_);
    if (!topic) {
      return Response::of(rc::kTopicNotExist,
                          "topic[" + std::string(topic_) + "] not exist, apply first please!" + std::string(kFaq));
    }
    topic_flag_ = topic->sys_flag;
    group_flag_ = static_cast<int32_t>(number_in(group->json, "groupSysFlag", 0));
    may_broadcast_ = group->broadcast_enable();
    if (!topic->readable())
      return forbidden(kTopicForbidden, "the topic[" + std::string(topic_) + "] pulling message is forbidden");
    if (!broker_.groups().may_read(group_, topic_)) {
      return forbidden(kSubscriptionForbidden, "the consumer group[" + std::string(group_) +
                                                   "] is forbidden for topic[" + std::string(topic_) + "]");
    }
    if (queue_ >= 0 && queue_ < topic->read_queues) return std::nullopt;
    return Response::of(rc::kInvalidParameter, "queueId[" + std::to_string(queue_) + "] is illegal, topic:[" +
                                                   std::string(topic_) + "] topicConfig.readQueueNums:[" +
                                                   std::to_string(topic->read_queues) + "]");
  }

  // What comes with the request, or what the group's heartbeats said.
  std::optional<Response> find_subscription() {
    const ReceivedCommand& command = request_->command;
    if ((sys_flag_ & kSubscriptionBit) != 0) {
      Result<SubscriptionData> made =
          make_subscription(std::string(topic_), command.text("subscription"), command.text("expressionType"));
      if (!made) return Response::of(rc::kSubscriptionParseFailed, "parse the consumer's subscription failed");
      subscription_ = std::move(*made);
      return check_filter();
    }
    const std::optional<ConsumerGroup> online = broker_.consumers().find(group_);
    if (!online)
      return Response::of(rc::kSubscriptionNotExist, "the consumer's group info not exist" + std::string(kFaq));
    if (online->model.broadcasting() && !may_broadcast_) {
      return forbidden(kBroadcastForbidden,
                       "the consumer group[" + std::string(group_) + "] can not consume by broadcast way");
    }
    const auto known = online->subscriptions.find(topic_);
    if (known == online->subscriptions.end()) {
      return Response::of(rc::kSubscriptionNotExist, "the consumer's subscription not exist" + std::string(kFaq));
    }
    subscription_ = known->second;
    if (subscription_.version < command.number_or("subVersion", 0)) {
      if (!subscription_.is_tag())
        return Response::of(rc::kSubscriptionNotLatest, "the consumer's subscription not latest");
      // The client filters tags itself; the next heartbeat brings the newer subscription.
      subscription_.codes.clear();
    }
    return check_filter();
  }

  std::optional<Response> check_filter() const {
    if (subscription_.is_tag() || broker_.config().property_filter) return std::nullopt;
    return Response::of(rc::kSystemError,
                        "The broker does not support consumer to filter message by " + subscription_.type);
  }

  Found bounds() const {
    Found found;
    found.min = broker_.store().min_queue_offset(topic_, QueueId(queue_)).value();
    found.max = broker_.store().max_queue_offset(topic_, QueueId(queue_)).value();
    return found;
  }

  static Found moved(Found found, int64_t next, std::string_view status) {
    found.code = rc::kPullOffsetMoved;
    found.next = next;
    found.status = status;
    return found;
  }

  Found collect() {
    Found found = bounds();
    found.next = offset_;
    const ConsumeQueue* queue = broker_.store().consume_queues().find(topic_, QueueId(queue_));
    if (queue == nullptr || found.max == 0) {
      found.status = "NO_MESSAGE_IN_QUEUE";
      if (offset_ == 0) return found;
      const std::string_view status = found.status;
      return moved(std::move(found), 0, status);
    }
    if (offset_ < found.min) return moved(std::move(found), found.min, "OFFSET_TOO_SMALL");
    if (offset_ > found.max) return moved(std::move(found), found.max, "OFFSET_OVERFLOW_BADLY");
    found.status = "OFFSET_OVERFLOW_ONE";
    if (offset_ == found.max) return found;
    take_units(*queue, found);
    return found;
  }

  void take_units(const ConsumeQueue& queue, Found& found) {
    const BrokerConfig& config = broker_.config();
    const auto wanted = static_cast<size_t>(
        std::clamp<int64_t>(request_->command.number_or("maxMsgNums", 32), 1, config.max_transfer_count));
    const auto limit = static_cast<size_t>(
        std::clamp<int64_t>(request_->command.number_or("maxMsgBytes", INT32_MAX), 1, config.max_transfer_bytes));
    QueueOffset at(offset_);
    for (int scanned = 0; at.value() < found.max && scanned < kMaxScannedUnits && found.records.size() < wanted;
         ++scanned, ++at) {
      const std::optional<ConsumeQueueUnit> unit = queue.unit(at);
      if (!unit) break;
      const auto size = static_cast<size_t>(unit->size);
      if (!found.records.empty() && found.bytes + size > limit) break;
      if (HeldBytes record = matching(queue, *unit); record) {
        found.bytes += size;
        found.records.push_back(std::move(record));
      }
    }
    found.next = std::max(at.value(), offset_ + 1);
    found.code = found.records.empty() ? rc::kPullRetryImmediately : rc::kSuccess;
    found.status = found.records.empty() ? "NO_MATCHED_MESSAGE" : "FOUND";
  }

  HeldBytes matching(const ConsumeQueue& queue, const ConsumeQueueUnit& unit) const {
    if (!subscription_.codes.empty()) {
      const std::optional<int64_t> code = queue.tags_code(unit);
      if (code && !subscription_.accepts_code(*code)) return {};
    }
    if (subscription_.sql == nullptr) {
      return broker_.store().commit_log().record_bytes(unit.physical_offset, static_cast<size_t>(unit.size));
    }
    MessageView view;
    const Result<HeldBytes> held = broker_.store().message_at(unit.physical_offset, view);
    if (!held || !subscription_.accepts_properties(view.properties)) return {};
    return broker_.store().commit_log().record_bytes(unit.physical_offset, view.record.size());
  }

  // False where it is answered at once: also where too many wait already.
  bool park(const Found& found) {
    const BrokerConfig& config = broker_.config();
    int64_t hold_ms = std::clamp<int64_t>(request_->command.number_or("suspendTimeoutMillis", 15000), 0, 3600000);
    if (!config.long_polling) hold_ms = config.short_polling_ms;
    if (hold_ms == 0 || !broker_.accepting()) return false;
    const std::string topic(topic_);
    const std::optional<uint64_t> number =
        broker_.hold().park(topic, queue_, {request_, found.next, subscription_}, std::chrono::milliseconds(hold_ms));
    if (!number) return false;
    // A message may have come since we looked, or the client have gone.
    const bool came = broker_.store().max_queue_offset(topic, QueueId(queue_)).value() > found.next;
    if (came || !request_->channel->open()) broker_.hold().release(*number);
    return true;
  }

  Response answer(Found found) const {
    Response response = Response::of(found.code, found.code == rc::kSuccess ? "FOUND" : std::string(found.status));
    response.command.set("suggestWhichBrokerId", 0)
        .set("nextBeginOffset", found.next)
        .set("minOffset", found.min)
        .set("maxOffset", found.max)
        .set("groupSysFlag", group_flag_)
        .set("topicSysFlag", topic_flag_);
    if (!found.records.empty()) broker_.stats().count_get(topic_, group_, found.records.size(), found.bytes);
    response.records = std::move(found.records);
    return response;
  }

  BrokerController& broker_;
  const RequestPtr& request_;
  const bool may_park_;
  bool complete_ = false, commits_ = false, may_broadcast_ = true;
  std::string_view group_, topic_;
  int32_t queue_ = -1, sys_flag_ = 0, topic_flag_ = 0, group_flag_ = 0;
  int64_t offset_ = 0;
  SubscriptionData subscription_;
};

}  // namespace

void register_pull_processors(ProcessorTable& table, BrokerExecutors& executors, BrokerController& broker) {
  broker.hold().on_resume([&broker](ParkedPull pull) {
    if (!pull.request->channel->open()) return;
    if (std::optional<Response> response = PullMessage(broker, pull.request, false).run()) {
      response->at_once = pull.at_once;
      pull.request->respond(std::move(*response));
    }
  });
  for (const int32_t code : {request_code::kPullMessage, request_code::kLitePullMessage}) {
    table.add(code, code == request_code::kPullMessage ? executors.pull : executors.lite_pull,
              [&broker](const RequestPtr& request) { return PullMessage(broker, request, true).run(); });
  }
}

}  // namespace mqctl
