// What BrokerModel knows of transactions: who ends them, how often a producer is asked, when one is given up.
#include <algorithm>
#include <cstdlib>

#include "libstore/message/properties.h"
#include "tests/sim/broker_model.h"
#include "tests/sim/failure.h"

namespace mqctl::sim {
namespace {

int64_t number_in(std::string_view properties, std::string_view name, int64_t otherwise) {
  const std::optional<std::string_view> found = find_property(properties, name);
  return found ? std::atoll(std::string(*found).c_str()) : otherwise;
}

int64_t times_asked(const MessageView& view) { return number_in(view.properties, "TRANSACTION_CHECK_TIMES", 0); }

}  // namespace

SentMessage& BrokerModel::asked_about(const MessageView& half, size_t life) {
  SentMessage& message = recognise(half);
  require(message.kind == Kind::kTransaction, "message {} is no transaction, and its producer is asked about it",
          message.number);
  // A question may have been on its way when the broker died.
  require(!message.settled || life != lives_.size(),
          "the transaction of message {} is ended, and its producer is asked about it", message.number);
  require(!message.given_up_before || life != lives_.size(),
          "the transaction of message {} was given up, and its producer is asked about it", message.number);
  return message;
}

// A half that was put back follows one that its producer was asked about once less, and had its time to answer for.
void BrokerModel::audit_half(SentMessage& message, const MessageView& view) {
  const int64_t place = view.queue_offset.value();
  const Half half{place, number_in(view.properties, "TRAN_PREPARED_QUEUE_OFFSET", place), times_asked(view),
                  view.stored};
  std::vector<Half>& halves = audit_.halves[message.number];
  const bool before_is_gone = halves.empty() && furthest_begin_ > 0;
  const bool in_time =
      half.times == 0 || before_is_gone || std::any_of(halves.begin(), halves.end(), [&](const Half& before) {
        return before.times == half.times - 1 && half.stored - before.stored >= rules_.transaction_timeout_ms;
      });
  require(in_time || message.torn, "the producer of message {} was asked for the {}th time before its time",
          message.number, half.times);
  halves.push_back(half);
}

// Not before its producer was asked as often as configured, or where it would be too old to be kept.
void BrokerModel::audit_given_up(SentMessage& message, const MessageView& view) {
  require(message.kind == Kind::kTransaction, "message {} is no transaction, and was given up", message.number);
  enter_queue(message, view);
  audit_.given_up[message.number].push_back(view.physical_offset.value());
  if (message.torn) return;
  const std::vector<Half>& halves = audit_.halves[message.number];
  const bool asked =
      std::any_of(halves.begin(), halves.end(), [&](const Half& half) { return half.times >= rules_.check_max; });
  const bool asked_and_gone = furthest_begin_ > 0 && halves.empty();
  require(asked || asked_and_gone || view.stored - view.born > rules_.reserved_ms,
          "the transaction of message {} was given up after {} of {} questions", message.number, times_asked(view),
          rules_.check_max);
}

void BrokerModel::judge_transaction(SentMessage& message) {
  require(!message.delivered || (message.verdict == Verdict::kCommit && message.commit_sent),
          "message {} was delivered, and its transaction not committed", message.number);
  judge_settled(message);
  std::map<size_t, int> by_life;
  for (const int64_t physical : audit_.given_up[message.number]) {
    require(message.torn || ++by_life[life_of(physical)] == 1,
            "the transaction of message {} was given up twice in one life", message.number);
  }
  const bool may_be_gone = message.given_up && (audit_.exact || !there(message));
  message.given_up = message.given_up_before = may_be_gone || !audit_.given_up[message.number].empty();
}

// It is done where op records name all its halves; that they do is not forgotten.
void BrokerModel::judge_settled(SentMessage& message) {
  const std::vector<Half>& halves = audit_.halves[message.number];
  if (halves.empty() && furthest_begin_ > 0) return;
  const bool settled = !halves.empty() && std::all_of(halves.begin(), halves.end(), [&](const Half& half) {
    return audit_.ended.contains(half.place) || audit_.ended.contains(half.first);
  });
  require(!message.settled || settled || !audit_.exact, "the end of the transaction of message {} is forgotten",
          message.number);
  message.settled = settled;
  if (!settled || message.torn) return;
  require(message.verdict != Verdict::kUnknown, "the transaction of message {} is ended, and nobody has ended it",
          message.number);
  // Its copy may have come and gone between two looks at the log.
  if (!message.delivered && furthest_begin_ > 0) return;
  require(message.delivered == (message.verdict == Verdict::kCommit), "the transaction of message {} ended {} it",
          message.number, message.delivered ? "with" : "without");
}

}  // namespace mqctl::sim
