// SimulatedNetwork: the wires between clients and broker. Carries bytes in pieces, one wire's before another's by
// chance, loses connections at any byte, and lets each end learn of it at its own time.
//
// Clients hold ClientEnds; the network tells each when its connection is gone. Not thread-safe.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "tests/sim/broker_end.h"
#include "tests/sim/client_end.h"

namespace mqctl::sim {

class SimulatedNetwork {
 public:
  explicit SimulatedNetwork(uint64_t seed) : random_(seed) {}

  // To the broker that is up. `gone` is called once, when the client is to know; not after hang_up().
  std::shared_ptr<ClientEnd> connect(BrokerController& broker, const SimulatedDisk& disk, ClientEnd::Asked asked,
                                     std::function<void()> gone);
  // The client is no more: the broker learns of it later, and may get what was sent before.
  void hang_up(const ClientEnd& client);

  // One of the wires goes on in one direction. False: nothing is on its way.
  bool carry();
  void lose_one();
  // The broker is no more: clients learn of it later, and may get what it sent before.
  void broker_died();
  // What dead connections still had for their clients never comes.
  void drop_answers();

 private:
  struct Connection {
    std::shared_ptr<Wire> wire;
    std::shared_ptr<BrokerEnd> broker;  // null: it knows that the connection is gone
    std::shared_ptr<ClientEnd> client;  // null: likewise
    std::function<void()> gone;
  };
  static bool broker_side_moves(const Connection& each);
  static bool client_side_moves(const Connection& each);
  void move_to_broker(Connection connection, size_t index);
  void move_to_client(Connection connection, size_t index);

  Random random_;
  std::vector<Connection> connections_;
  uint64_t next_id_ = 1;
};

}  // namespace mqctl::sim
