#include "cli/broker/transactional_message_service.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "cli/broker/broker_controller.h"
#include "cli/broker/property_list.h"
#include "cli/broker/topic_validator.h"
#include "libstore/index/consume_queue_store.h"
#include "libstore/message/system_flag.h"

namespace mqctl {
namespace {

constexpr std::string_view kGroup = "CID_RMQ_SYS_TRANS";
constexpr std::string_view kCheckTimes = "TRANSACTION_CHECK_TIMES";
constexpr std::string_view kImmunity = "CHECK_IMMUNITY_TIME_IN_SECONDS";
constexpr std::string_view kFirstPlace = "TRAN_PREPARED_QUEUE_OFFSET";
constexpr std::string_view kTransactionId = "__transactionId__";

int64_t number_or(std::string_view text, int64_t otherwise) {
  if (text.empty()) return otherwise;
  char* end = nullptr;
  const std::string copy(text);
  const long long value = std::strtoll(copy.c_str(), &end, 10);
  return *end == '\0' ? value : otherwise;
}

// Not even with a later round.
bool never_fits(PutMessageStatus status) {
  return status == PutMessageStatus::kMessageIllegal || status == PutMessageStatus::kPropertiesSizeExceeded;
}

}  // namespace

void TransactionalMessageService::prepare(BrokerMessage& message) const {
  PropertyList properties(message.properties);
  properties.set(property::kRealTopic, message.topic);
  properties.set(property::kRealQueueId, std::to_string(message.queue));
  const std::string unique(properties.get(property::kUniqKey));
  if (!unique.empty()) properties.set(kTransactionId, unique);
  properties.erase(kFirstPlace);       // ours to say
  properties.erase(property::kDelay);  // as clients do: it would be put off before it is decided
  message.properties = properties.encoded();
  message.sys_flag &= ~sys_flag::kTransactionMask;
  message.topic = topic_name::kHalf;
  message.queue = 0;
}

BrokerMessage TransactionalMessageService::restore(const MessageView& half, PhysicalOffset half_offset) {
  BrokerMessage message = BrokerMessage::of(half);
  PropertyList properties(half.properties);
  message.topic = properties.get(property::kRealTopic);
  message.queue = static_cast<int32_t>(number_or(properties.get(property::kRealQueueId), 0));
  properties.erase(property::kRealTopic);
  properties.erase(property::kRealQueueId);
  properties.erase(kFirstPlace);
  message.properties = properties.encoded();
  message.sys_flag = (message.sys_flag & ~sys_flag::kTransactionMask) | sys_flag::kCommit;
  message.prepared_offset = half_offset;
  message.reconsume_times = 0;
  return message;
}

// The tables are of one life; what the one before left open, and has ended, is in the queues.
void TransactionalMessageService::load() {
  if (loaded_) return;
  for (const TransactionOp& op : read_ops(broker_.store(), settled(topic_name::kOp))) {
    for (const int64_t place : op.halves) ends_[place] = End::kEnded;
  }
  const ConsumeQueue* queue = broker_.store().consume_queues().find(topic_name::kHalf, QueueId(0));
  if (queue != nullptr) load_moved(*queue);
  loaded_ = true;
}

void TransactionalMessageService::load_moved(const ConsumeQueue& queue) {
  for (QueueOffset at = settled(topic_name::kHalf); at < queue.max_offset(); ++at) {
    const std::optional<ConsumeQueueUnit> unit = queue.unit(at);
    if (!unit) continue;
    MessageView half;
    const Result<HeldBytes> held = broker_.store().message_at(unit->physical_offset, half);
    if (!held || first_place(half) == at.value()) continue;
    const int64_t first = first_place(half);
    if (ends_.contains(at.value())) ends_.try_emplace(first, End::kEnded);  // Apache's op messages name one place
    if (ends_.contains(first)) {
      moved_.erase(first);
    } else {
      moved_[first] = at.value();
    }
  }
}

std::optional<TransactionalMessageService::Claim> TransactionalMessageService::claim(const MessageView& half) {
  const int64_t first = first_place(half);
  bool passed = false;
  {
    MutexLock lock(mutex_);
    load();
    passed = !moved_.contains(first) && first < settled(topic_name::kHalf).value();
    if (!ends_.try_emplace(first, End::kClaimed).second) return std::nullopt;
  }
  std::optional<Claim> claimed(std::in_place, *this, half);
  // The rounds have passed it: somebody ended it long ago, or nobody did and it was given up. Apache's op messages name
  // the place of the half that was ended alone.
  if (passed && is_done(broker_.store(), half.physical_offset, {first, half.queue_offset.value()})) claimed.reset();
  return claimed;
}

void TransactionalMessageService::give_back(const MessageView& half) {
  MutexLock lock(mutex_);
  ends_.erase(first_place(half));
}

bool TransactionalMessageService::settle(const MessageView& half) {
  // After a crash a half may be there several times, put back and put back again: the first place is common to all.
  const int64_t first = first_place(half);
  std::set<int64_t> places;
  {
    MutexLock lock(mutex_);
    ends_[first] = End::kOpMissing;  // the next round makes up for what an exception leaves out
    places = {half.queue_offset.value(), first};
    if (const auto moved = moved_.find(first); moved != moved_.end()) places.insert(moved->second);
  }
  const bool settled = std::all_of(places.begin(), places.end(), [this](int64_t place) { return put_op(place); });
  MutexLock lock(mutex_);
  ends_[first] = settled ? End::kEnded : End::kOpMissing;
  if (settled) moved_.erase(first);
  return settled;
}

bool TransactionalMessageService::put_op(int64_t half) {
  BrokerMessage op;
  const std::string body = std::to_string(half);
  op.topic = topic_name::kOp;
  op.body = as_bytes(body);
  op.properties = std::string("TAGS\1d\2");
  op.born = broker_.clock().now();
  op.born_host = op.store_host = broker_.own_address();
  return stored(broker_.put(op).status);
}

QueueOffset TransactionalMessageService::settled(std::string_view topic) const {
  const QueueOffset least = broker_.store().min_queue_offset(topic, QueueId(0));
  return std::max(least, QueueOffset(broker_.offsets().query(kGroup, topic, 0).value_or(0)));
}

void TransactionalMessageService::check() {
  const ConsumeQueue* queue = broker_.store().consume_queues().find(topic_name::kHalf, QueueId(0));
  if (queue == nullptr) return;
  const std::vector<TransactionOp> ops = read_ops(broker_.store(), settled(topic_name::kOp));
  std::set<int64_t> done;
  for (const TransactionOp& op : ops) done.insert(op.halves.begin(), op.halves.end());
  QueueOffset at = settled(topic_name::kHalf);
  const QueueOffset end = queue->max_offset();  // what is put back in this round is not of this round
  for (; at < end; ++at) {
    if (done.contains(at.value())) continue;
    const std::optional<ConsumeQueueUnit> unit = queue->unit(at);
    if (!unit) break;
    MessageView half;
    const Result<HeldBytes> held = broker_.store().message_at(unit->physical_offset, half);
    if (!held || done.contains(first_place(half))) continue;
    if (check_half(half) != Checked::kDone) break;  // those behind it are no older
  }
  if (!broker_.offsets().commit(kGroup, topic_name::kHalf, 0, at.value())) return;
  broker_.offsets().commit(kGroup, topic_name::kOp, 0, end_of_needed(ops, *queue, at).value());
  forget(done, at);
}

void TransactionalMessageService::forget(const std::set<int64_t>& done, QueueOffset open) {
  MutexLock lock(mutex_);
  for (const int64_t place : done) {
    if (place >= open.value()) break;
    const auto found = ends_.find(place);
    if (found == ends_.end() || found->second == End::kClaimed) continue;
    ends_.erase(found);
    moved_.erase(place);
  }
}

// Every half of a transaction, the ones put back too, is in the log before what ends it.
QueueOffset TransactionalMessageService::end_of_needed(const std::vector<TransactionOp>& ops,
                                                       const ConsumeQueue& halves, QueueOffset open) const {
  QueueOffset end = settled(topic_name::kOp);
  const std::optional<ConsumeQueueUnit> oldest = halves.unit(open);
  if (!oldest && open < halves.max_offset()) return end;
  for (const TransactionOp& op : ops) {
    if (oldest && op.physical_offset > oldest->physical_offset) break;
    end = op.offset + 1;
  }
  return end;
}

TransactionalMessageService::End TransactionalMessageService::end_of(const MessageView& half) {
  const int64_t first = first_place(half);
  MutexLock lock(mutex_);
  load();
  if (const auto end = ends_.find(first); end != ends_.end()) return end->second;
  const auto moved = moved_.find(first);
  const bool there_again = moved != moved_.end() && moved->second > half.queue_offset.value();
  return there_again ? End::kEnded : End::kOpen;  // the copy behind it is the one that counts
}

TransactionalMessageService::Checked TransactionalMessageService::check_half(const MessageView& half) {
  switch (end_of(half)) {
    case End::kOpen:
      return ask_again(half);
    case End::kClaimed:
      return Checked::kTooYoung;  // what ends it may fail
    case End::kOpMissing:
      return settle(half) ? Checked::kDone : Checked::kFailed;
    case End::kEnded:
      break;  // since the round has read the op messages
  }
  return Checked::kDone;
}

TransactionalMessageService::Checked TransactionalMessageService::ask_again(const MessageView& half) {
  const BrokerConfig& config = broker_.config();
  const PropertyList properties(half.properties);
  const int64_t times = number_or(properties.get(kCheckTimes), 0);
  const int64_t age = age_ms(broker_.clock().now(), half.born);
  if (times >= config.transaction_check_max || age > int64_t{config.reserved_hours} * 3600 * 1000) {
    MutexLock lock(mutex_);
    return ends_.contains(first_place(half)) ? Checked::kTooYoung : give_up(half);
  }
  const int64_t immunity = number_or(properties.get(kImmunity), -1);
  const bool own_time = immunity >= 0 && times == 0;
  MessageView again;
  HeldBytes held;
  // Those behind it need not wait for its time.
  if (own_time && age >= 0 && age / 1000 < immunity) return put_back(half, kFirstPlace, first_place(half), again, held);
  const int64_t since_stored = age_ms(broker_.clock().now(), half.stored);
  if (!own_time && since_stored < config.transaction_timeout_ms) return Checked::kTooYoung;
  const Checked checked = put_back(half, kCheckTimes, times + 1, again, held);
  if (held && end_of(again) == End::kOpen) ask_producer(again);  // the question has the new place
  return checked;
}

int64_t TransactionalMessageService::first_place(const MessageView& half) {
  return number_or(find_property(half.properties, kFirstPlace).value_or(""), half.queue_offset.value());
}

// Under the lock: who ends the transaction now finds the new place, or was here before it is made.
TransactionalMessageService::Checked TransactionalMessageService::put_back(const MessageView& half,
                                                                           std::string_view property, int64_t value,
                                                                           MessageView& again, HeldBytes& held) {
  const int64_t first = first_place(half);
  BrokerMessage message = BrokerMessage::of(half);
  PropertyList properties(half.properties);
  properties.set(kFirstPlace, std::to_string(first));
  properties.set(property, std::to_string(value));
  message.properties = properties.encoded();
  MutexLock lock(mutex_);
  if (ends_.contains(first)) return Checked::kTooYoung;
  const PutMessageResult result = broker_.put(message);
  if (never_fits(result.status)) return give_up(half);
  if (!stored(result.status)) return Checked::kFailed;
  moved_[first] = result.queue_offset.value();
  if (Result<HeldBytes> found = broker_.store().message_at(result.offset, again)) held = std::move(*found);
  return Checked::kDone;
}

// It can still be ended: its half message is where it was.
TransactionalMessageService::Checked TransactionalMessageService::give_up(const MessageView& half) {
  (void)broker_.topics().ensure(std::string(topic_name::kCheckMaxTime), 1, permission::kRead | permission::kWrite);
  BrokerMessage message = BrokerMessage::of(half);
  message.topic = topic_name::kCheckMaxTime;
  message.queue = 0;
  const PutMessageResult result = broker_.put(message);
  if (!stored(result.status) && !never_fits(result.status)) return Checked::kFailed;
  moved_.erase(first_place(half));
  if (stored(result.status)) {
    broker_.log().warning("nobody ended a transaction: its message goes to " + std::string(topic_name::kCheckMaxTime));
  } else {
    broker_.log().error("nobody ended the transaction at commit-log offset " +
                        std::to_string(half.physical_offset.value()) + ", and its message does not fit into " +
                        std::string(topic_name::kCheckMaxTime) + ": " + result.reason);
  }
  return Checked::kDone;
}

void TransactionalMessageService::ask_producer(const MessageView& half) {
  PropertyList properties(half.properties);
  const ChannelPtr channel = broker_.producers().next_channel(properties.get("PGROUP"));
  if (channel == nullptr) return;  // with the next round
  BrokerMessage message = BrokerMessage::of(half);
  message.topic = properties.get(property::kRealTopic);
  message.queue = static_cast<int32_t>(number_or(properties.get(property::kRealQueueId), 0));
  properties.erase(kFirstPlace);
  message.properties = properties.encoded();
  const Result<EncodedMessage> encoded = EncodedMessage::encode(message.draft(), {.max_body_bytes = SIZE_MAX});
  if (!encoded) return;
  RemotingCommand command;
  command.code = request_code::kCheckTransactionState;
  command.body.resize(encoded->size());
  encoded->write_to(reinterpret_cast<std::byte*>(command.body.data()), half.queue_offset, half.physical_offset,
                    half.stored);
  command.set("topic", std::string(topic_name::kHalf))
      .set("bname", broker_.config().broker_name)
      .set("commitLogOffset", half.physical_offset.value())
      .set("tranStateTableOffset", half.queue_offset.value())
      .set("offsetMsgId", offset_message_id(half.store_host, half.physical_offset))
      .set("msgId", std::string(properties.get(property::kUniqKey)))
      .set("transactionId", std::string(properties.get(property::kUniqKey)));
  channel->send_oneway(std::move(command));
}

}  // namespace mqctl
