// SimulatedProducer: a client that sends: single messages, batches, delayed ones, transactions. It has a few sends
// under way at once, sends again what was not answered, or gives it up, crashes and comes back.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/sim/broker_model.h"
#include "tests/sim/simulated_network.h"

namespace mqctl::sim {

// How clients reach the broker that is up.
using Dial = std::function<std::shared_ptr<ClientEnd>(ClientEnd::Asked asked, std::function<void()> gone)>;

struct ProducerCounts {
  uint64_t sends = 0, answered = 0, refused = 0, unanswered = 0, retried = 0, transactions_asked_about = 0;
};

// What it is like.
struct ProducerHabits {
  int deleted_percent = 0;  // of its plain messages: to the topic that is deleted now and then
  int silent_percent = 0;   // of its transactions: it says "unknown" to each question, and ends them late or never
};

class SimulatedProducer {
 public:
  // All of them outlive it.
  SimulatedProducer(std::string group, BrokerModel& model, const Clock& clock, SimulatedNetwork& network, Dial dial,
                    uint64_t seed, const ProducerHabits& habits);

  void step();
  void crash();
  // A machine that lost messages gives their places away: a transaction is not ended by its place any more.
  void forget() { undecided_.clear(); }
  // No new messages; what is open is brought to an end. `finished` once nothing is left to send.
  void wind_up() { winding_up_ = true; }
  bool finished() const { return waiting_ == 0 && again_.empty(); }
  const ProducerCounts& counts() const { return counts_; }

 private:
  using Numbers = std::vector<uint64_t>;  // of one request
  void connect();
  void heartbeat();
  Numbers make();
  void end_late();
  void send(const Numbers& numbers);
  RemotingCommand command_for(const Numbers& numbers);
  void answered(const Numbers& numbers, const ReceivedCommand* answer);
  void settle(const Numbers& numbers, const ReceivedCommand& answer);
  void without_answer(const Numbers& numbers);
  void asked(const ReceivedCommand& request, size_t life);
  void decide(SentMessage& message);
  void end_transaction(SentMessage& message, int64_t half_offset, int64_t half_queue_offset, bool from_check);

  const std::string group_;
  BrokerModel& model_;
  const Clock& clock_;
  SimulatedNetwork& network_;
  const Dial dial_;
  Random random_;
  std::shared_ptr<ClientEnd> client_;
  const ProducerHabits habits_;
  struct Undecided {
    uint64_t number;
    int64_t half_offset, half_queue_offset;
  };
  std::deque<Undecided> undecided_;  // the silent ones
  size_t waiting_ = 0;
  std::deque<Numbers> again_;
  bool winding_up_ = false;
  ProducerCounts counts_;
};

}  // namespace mqctl::sim
