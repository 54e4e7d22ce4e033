#include "tests/sim/simulated_consumer.h"

#include "libstore/message/record_parser.h"
#include "tests/sim/failure.h"

namespace mqctl::sim {
namespace {

namespace rc = response_code;

constexpr int32_t kCommits = 1, kSuspends = 2, kSubscribes = 4;

RemotingCommand of_queue(int32_t code, const std::string& group, const QueueKey& queue) {
  RemotingCommand command;
  command.code = code;
  command.set("consumerGroup", group).set("topic", queue.first).set("queueId", queue.second);
  return command;
}

}  // namespace

SimulatedConsumer::SimulatedConsumer(std::string group, BrokerModel& model, const Clock& clock,
                                     SimulatedNetwork& network, Dial dial, uint64_t seed, bool exact,
                                     const std::vector<QueueKey>& queues)
    : group_(std::move(group)),
      model_(model),
      clock_(clock),
      network_(network),
      dial_(std::move(dial)),
      random_(seed),
      exact_(exact) {
  model_.add_group(group_);
  for (const QueueKey& queue : queues) positions_[queue];
}

void SimulatedConsumer::step() {
  if (client_ == nullptr) return connect();
  auto any = std::next(positions_.begin(), static_cast<ptrdiff_t>(random_.below(positions_.size())));
  const auto& [queue, position] = *any;
  if (position.next && random_.percent(20)) return commit(queue);
  if (position.asking) return;
  if (!position.next) return ask_offset(queue);
  pull(queue);
}

void SimulatedConsumer::connect() {
  client_ = dial_([](const ReceivedCommand&) {}, [this] { disconnected(); });
}

void SimulatedConsumer::disconnected() {
  client_ = nullptr;
  for (auto& [queue, position] : positions_) model_.commits(group_, queue).connection_lost();
}

void SimulatedConsumer::crash() {
  if (client_ != nullptr) {
    network_.hang_up(*client_);
    const std::shared_ptr<ClientEnd> client = client_;
    disconnected();
    client->end();
  }
  for (auto& [queue, position] : positions_) position = {};
}

void SimulatedConsumer::ask_offset(const QueueKey& queue) {
  positions_[queue].asking = true;
  client_->ask(of_queue(request_code::kQueryConsumerOffset, group_, queue),
               [this, queue, life = model_.life()](const ReceivedCommand* answer) {
                 Position& position = positions_[queue];
                 position.asking = false;
                 if (answer == nullptr || client_ == nullptr) return;
                 const std::optional<int64_t> offset = answer->number("offset");
                 require(answer->code == rc::kQueryNotFound || (answer->code == rc::kSuccess && offset),
                         "an offset was answered by {}: {}", answer->code, answer->remark);
                 // Of a broker that has died since, it says nothing of this one.
                 if (life == model_.life() && queue.first != kDeletedTopic) model_.commits(group_, queue).check(offset);
                 position.next = offset.value_or(0);
               });
}

void SimulatedConsumer::pull(const QueueKey& queue) {
  Position& position = positions_[queue];
  position.asking = true;
  CommitModel& commits = model_.commits(group_, queue);
  const bool committing = random_.percent(30);
  const uint64_t number = committing ? commits.sent(*position.next) : 0;
  RemotingCommand command =
      of_queue(random_.percent(80) ? request_code::kPullMessage : request_code::kLitePullMessage, group_, queue);
  command.set("queueOffset", *position.next)
      .set("commitOffset", *position.next)
      .set("maxMsgNums", random_.number(1, 8));
  command.set("sysFlag", (committing ? kCommits : 0) | (random_.percent(80) ? kSuspends : 0) | kSubscribes);
  command.set("suspendTimeoutMillis", random_.number(1, 15000)).set("subscription", "*").set("subVersion", 0);
  client_->ask(
      std::move(command), [this, queue, committing, number, asked = model_.turn](const ReceivedCommand* answer) {
        positions_[queue].asking = false;
        if (answer == nullptr || client_ == nullptr) return;
        const bool looked =
            answer->code == rc::kSuccess || (answer->code >= rc::kPullNotFound && answer->code <= rc::kPullOffsetMoved);
        if (committing && looked) model_.commits(group_, queue).answered(number);
        pulled(queue, *answer, asked);
      });
}

void SimulatedConsumer::pulled(const QueueKey& queue, const ReceivedCommand& answer, uint64_t asked) {
  Position& position = positions_[queue];
  const int64_t next = answer.number_or("nextBeginOffset", -1);
  switch (answer.code) {
    case rc::kSuccess:
      take_records(queue, answer.body, asked);
      return require(next == position.next, "after a pull the next offset is {}, not {}", next, *position.next);
    case rc::kPullNotFound:
      return require(next == position.next, "a pull at {} that found nothing says {}", *position.next, next);
    case rc::kPullOffsetMoved:
      return sent_on(queue, answer);
    default:
      return require(answer.code == rc::kTopicNotExist || answer.code == rc::kSubscriptionGroupNotExist,
                     "a pull was answered by {}: {}", answer.code, answer.remark);
  }
}

// Where all that was given must stay, only because what it would have got is gone.
void SimulatedConsumer::sent_on(const QueueKey& queue, const ReceivedCommand& answer) {
  int64_t& position = *positions_[queue].next;
  const int64_t next = answer.number_or("nextBeginOffset", -1);
  if (exact_ && queue.first != kDeletedTopic) {
    require(next == answer.number_or("minOffset", -1), "a pull at {} is sent to {}", position, next);
    model_.moved(queue, position, next);
  }
  position = next;
  ++sent_on_;
}

void SimulatedConsumer::take_records(const QueueKey& queue, Bytes records, uint64_t asked) {
  Position& position = positions_[queue];
  while (!records.empty()) {
    MessageView view;
    require(parse_record(records, CrcCheck::kBody, view) == RecordStatus::kRecord,
            "a pull gave something that is no message");
    model_.consumed(group_, queue, *position.next, view, clock_.now(), asked);
    ++*position.next;
    ++pulled_;
    records = records.subspan(view.record.size());
  }
}

void SimulatedConsumer::commit(const QueueKey& queue) {
  CommitModel& commits = model_.commits(group_, queue);
  const uint64_t number = commits.sent(*positions_[queue].next);
  RemotingCommand command = of_queue(request_code::kUpdateConsumerOffset, group_, queue);
  command.set("commitOffset", *positions_[queue].next);
  client_->ask(std::move(command), [this, queue, number](const ReceivedCommand* answer) {
    if (answer != nullptr && answer->code == rc::kSuccess) model_.commits(group_, queue).answered(number);
  });
}

}  // namespace mqctl::sim
