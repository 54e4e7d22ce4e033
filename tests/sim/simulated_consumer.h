// SimulatedConsumer: a group's one client: asks for its offsets, pulls all queues with long polling, commits with pulls
// and by themselves, crashes, and comes back to what was committed.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tests/sim/broker_model.h"
#include "tests/sim/simulated_network.h"
#include "tests/sim/simulated_producer.h"

namespace mqctl::sim {

class SimulatedConsumer {
 public:
  // All of them outlive it. `exact`: no message that came out may be lost, so the broker corrects no offset
  // but for retention.
  SimulatedConsumer(std::string group, BrokerModel& model, const Clock& clock, SimulatedNetwork& network, Dial dial,
                    uint64_t seed, bool exact, const std::vector<QueueKey>& queues);

  void step();
  void crash();
  uint64_t pulled() const { return pulled_; }
  uint64_t times_sent_on() const { return sent_on_; }  // from places that their queue no longer had
  // A machine that lost messages gives their places away: positions from before mean nothing any more.
  void forget() { crash(); }

 private:
  struct Position {
    std::optional<int64_t> next;
    bool asking = false;
  };
  void connect();
  void ask_offset(const QueueKey& queue);
  void pull(const QueueKey& queue);
  void pulled(const QueueKey& queue, const ReceivedCommand& answer, uint64_t asked);
  void sent_on(const QueueKey& queue, const ReceivedCommand& answer);
  void take_records(const QueueKey& queue, Bytes records, uint64_t asked);
  void commit(const QueueKey& queue);
  void disconnected();

  const std::string group_;
  BrokerModel& model_;
  const Clock& clock_;
  SimulatedNetwork& network_;
  const Dial dial_;
  Random random_;
  const bool exact_;
  std::shared_ptr<ClientEnd> client_;
  std::map<QueueKey, Position> positions_;
  uint64_t pulled_ = 0, sent_on_ = 0;
};

}  // namespace mqctl::sim
