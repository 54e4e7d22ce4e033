// SimulatedAdmin: somebody who deletes a topic now and then, and perhaps makes it again.
#pragma once

#include <memory>

#include "tests/sim/broker_model.h"
#include "tests/sim/simulated_producer.h"

namespace mqctl::sim {

class SimulatedAdmin {
 public:
  // All of them outlive it.
  SimulatedAdmin(BrokerModel& model, Dial dial, uint64_t seed) : model_(model), dial_(std::move(dial)), random_(seed) {}

  void step();
  uint64_t deletions() const { return deletions_; }  // that were answered with yes

 private:
  void delete_topic();
  void make_topic();

  BrokerModel& model_;
  const Dial dial_;
  Random random_;
  std::shared_ptr<ClientEnd> client_;
  bool asking_ = false;
  uint64_t deletions_ = 0;
};

}  // namespace mqctl::sim
