#include "tests/sim/simulated_producer.h"

#include <algorithm>
#include <array>

#include "libstore/message/client_batch.h"
#include "libstore/message/message_id.h"
#include "libstore/message/properties.h"
#include "libstore/message/record_parser.h"
#include "libstore/message/system_flag.h"
#include "tests/sim/failure.h"

namespace mqctl::sim {
namespace {

constexpr size_t kMostUnderWay = 3;
constexpr std::array<int64_t, 3> kDelays{1000, 5000, 10000};  // as BrokerSimulation configures them

}  // namespace

SimulatedProducer::SimulatedProducer(std::string group, BrokerModel& model, const Clock& clock,
                                     SimulatedNetwork& network, Dial dial, uint64_t seed, const ProducerHabits& habits)
    : group_(std::move(group)),
      model_(model),
      clock_(clock),
      network_(network),
      dial_(std::move(dial)),
      random_(seed),
      habits_(habits) {}

void SimulatedProducer::step() {
  if (client_ == nullptr) return connect();
  if (random_.percent(5)) heartbeat();
  if (!undecided_.empty() && random_.percent(3)) return end_late();
  if (waiting_ >= kMostUnderWay) return;
  if (!again_.empty()) {
    const Numbers numbers = again_.front();
    again_.pop_front();
    ++counts_.retried;
    return send(numbers);
  }
  if (!winding_up_) send(make());
}

void SimulatedProducer::connect() {
  client_ = dial_([this, life = model_.life()](const ReceivedCommand& request) { asked(request, life); },
                  [this] { client_ = nullptr; });
  heartbeat();
}

void SimulatedProducer::heartbeat() {
  RemotingCommand command;
  command.code = request_code::kHeartBeat;
  command.body = R"({"clientID":")" + group_ + R"(","producerDataSet":[{"groupName":")" + group_ + R"("}]})";
  client_->ask(std::move(command), [](const ReceivedCommand*) {});
}

// With the client goes what it knows of its sends; nobody tries them again.
void SimulatedProducer::crash() {
  if (client_ == nullptr) return;
  network_.hang_up(*client_);
  client_->end();
  client_ = nullptr;
  again_.clear();
  undecided_.clear();
}

SimulatedProducer::Numbers SimulatedProducer::make() {
  const int choice = random_.number(1, 100);
  const Kind kind = choice <= 65 ? Kind::kPlain : choice <= 80 ? Kind::kDelayed : Kind::kTransaction;
  std::string topic = random_.percent(70) ? "A" : "B";
  if (kind == Kind::kPlain && random_.percent(habits_.deleted_percent)) topic = kDeletedTopic;
  const int32_t queue = random_.number(0, 1);
  const int count = kind == Kind::kPlain && random_.percent(25) ? random_.number(2, 4) : 1;
  Numbers numbers;
  for (int i = 0; i < count; ++i) {
    SentMessage& message = model_.add(kind, topic, queue, random_.below(random_.percent(10) ? 2000 : 200));
    if (kind == Kind::kDelayed) {
      const uint64_t level = random_.below(kDelays.size());
      message.delay_ms = kDelays[level];
      message.properties += "DELAY\1" + std::to_string(level + 1) + "\2";
    }
    message.silent = kind == Kind::kTransaction && random_.percent(habits_.silent_percent);
    if (kind == Kind::kTransaction) message.properties += "TRAN_MSG\1true\2PGROUP\1" + group_ + "\2";
    numbers.push_back(message.number);
  }
  return numbers;
}

void SimulatedProducer::send(const Numbers& numbers) {
  counts_.sends += numbers.size();
  for (const uint64_t number : numbers) model_.sent(model_.at(number), clock_.now());
  ++waiting_;
  client_->ask(command_for(numbers), [this, numbers](const ReceivedCommand* answer) { answered(numbers, answer); });
}

RemotingCommand SimulatedProducer::command_for(const Numbers& numbers) {
  const SentMessage& message = model_.at(numbers.front());
  RemotingCommand command;
  command.code = request_code::kSendMessageV2;
  if (numbers.size() > 1) {
    command.code = request_code::kSendBatchMessage;
    for (const uint64_t number : numbers)
      append_batch_item(command.body, {0, as_bytes(model_.at(number).body), model_.at(number).properties});
  } else {
    command.body = message.body;
  }
  command.set("a", group_).set("b", message.topic).set("c", "TBW102").set("d", 2).set("e", message.queue);
  command.set("f", message.kind == Kind::kTransaction ? sys_flag::kPrepared : 0).set("g", clock_.now().value());
  command.set("h", 0).set("i", numbers.size() > 1 ? "" : message.properties).set("j", 0).set("k", "false");
  command.set("m", numbers.size() > 1 ? "true" : "false");
  return command;
}

void SimulatedProducer::answered(const Numbers& numbers, const ReceivedCommand* answer) {
  --waiting_;
  if (answer == nullptr) {
    ++counts_.unanswered;
    return without_answer(numbers);
  }
  if (answer->code != response_code::kSuccess) {
    ++counts_.refused;
    return without_answer(numbers);
  }
  ++counts_.answered;
  settle(numbers, *answer);
}

void SimulatedProducer::settle(const Numbers& numbers, const ReceivedCommand& answer) {
  std::string_view ids = answer.text("msgId");
  int64_t queue_offset = answer.number_or("queueOffset", -1);
  for (const uint64_t number : numbers) {
    const size_t comma = std::min(ids.find(','), ids.size());
    const std::optional<OffsetMessageId> id = parse_offset_message_id(ids.substr(0, comma));
    require(id.has_value() && queue_offset >= 0, "message {} was answered SEND_OK without its place", number);
    SentMessage& message = model_.at(number);
    model_.acknowledged(message, id->physical_offset.value(), queue_offset);
    if (message.kind == Kind::kTransaction) {
      decide(message);
      if (message.silent) undecided_.push_back({number, id->physical_offset.value(), queue_offset});
      if (random_.percent(70)) end_transaction(message, id->physical_offset.value(), queue_offset, false);
    }
    ++queue_offset;
    ids.remove_prefix(std::min(comma + 1, ids.size()));
  }
}

// Perhaps it was stored, perhaps not. A transaction whose half may not be there is rolled back, as Apache's client
// does.
void SimulatedProducer::without_answer(const Numbers& numbers) {
  SentMessage& message = model_.at(numbers.front());
  if (message.kind == Kind::kTransaction) {
    if (message.verdict == Verdict::kUnknown && !message.silent) message.verdict = Verdict::kRollback;
    return;
  }
  if (client_ != nullptr && random_.percent(70)) again_.push_back(numbers);
}

void SimulatedProducer::decide(SentMessage& message) {
  if (message.verdict != Verdict::kUnknown || message.silent) return;
  const int choice = random_.number(1, 100);
  if (!winding_up_ && choice <= 30) return;
  message.verdict = choice <= 70 ? Verdict::kCommit : Verdict::kRollback;
}

// By the place that it got when it was sent: by now the broker may have given it up.
void SimulatedProducer::end_late() {
  const Undecided late = undecided_.front();
  undecided_.pop_front();
  SentMessage& message = model_.at(late.number);
  message.silent = false;
  if (message.verdict == Verdict::kUnknown)
    message.verdict = random_.percent(60) ? Verdict::kCommit : Verdict::kRollback;
  end_transaction(message, late.half_offset, late.half_queue_offset, false);
}

void SimulatedProducer::end_transaction(SentMessage& message, int64_t half_offset, int64_t half_queue_offset,
                                        bool from_check) {
  if (client_ == nullptr) return;
  const Verdict verdict = message.verdict;
  message.commit_sent |= verdict == Verdict::kCommit;
  const int32_t flag = verdict == Verdict::kCommit     ? sys_flag::kCommit
                       : verdict == Verdict::kRollback ? sys_flag::kRollback
                                                       : 0;
  RemotingCommand command;
  command.code = request_code::kEndTransaction;
  command.set("producerGroup", group_).set("tranStateTableOffset", half_queue_offset);
  command.set("commitLogOffset", half_offset).set("commitOrRollback", flag);
  command.set("fromTransactionCheck", from_check ? "true" : "false");
  client_->tell(std::move(command));
}

void SimulatedProducer::asked(const ReceivedCommand& request, size_t life) {
  if (request.code != request_code::kCheckTransactionState) return;
  ++counts_.transactions_asked_about;
  MessageView half;
  require(parse_record(request.body, CrcCheck::kBody, half) == RecordStatus::kRecord,
          "a producer is asked about something that is no message");
  SentMessage& message = model_.asked_about(half, life);
  require(find_property(half.properties, "PGROUP") == group_, "producer {} is asked about the transaction of another",
          group_);
  decide(message);
  if (winding_up_ || random_.percent(80)) {
    end_transaction(message, request.number_or("commitLogOffset", -1), request.number_or("tranStateTableOffset", -1),
                    true);
  }
}

}  // namespace mqctl::sim
