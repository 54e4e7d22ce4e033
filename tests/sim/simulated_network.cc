#include "tests/sim/simulated_network.h"

namespace mqctl::sim {

std::shared_ptr<ClientEnd> SimulatedNetwork::connect(BrokerController& broker, const SimulatedDisk& disk,
                                                     ClientEnd::Asked asked, std::function<void()> gone) {
  const auto wire = std::make_shared<Wire>();
  const SerializeType type = random_.percent(50) ? SerializeType::kJson : SerializeType::kRocketMq;
  const auto client = std::make_shared<ClientEnd>(wire, type, std::move(asked));
  connections_.push_back({wire, std::make_shared<BrokerEnd>(next_id_++, broker, disk, wire), client, std::move(gone)});
  return client;
}

void SimulatedNetwork::hang_up(const ClientEnd& client) {
  for (Connection& each : connections_) {
    if (each.client.get() != &client) continue;
    each.wire->lose(random_);
    each.client = nullptr;
    return;
  }
}

bool SimulatedNetwork::broker_side_moves(const Connection& each) {
  return each.broker != nullptr && (each.wire->lost || !each.wire->to_broker.empty());
}

bool SimulatedNetwork::client_side_moves(const Connection& each) {
  return each.client != nullptr && (each.wire->lost || !each.wire->to_client.empty());
}

bool SimulatedNetwork::carry() {
  std::erase_if(connections_, [](const Connection& each) { return each.broker == nullptr && each.client == nullptr; });
  std::vector<std::pair<size_t, bool>> moves;
  for (size_t i = 0; i < connections_.size(); ++i) {
    if (broker_side_moves(connections_[i])) moves.emplace_back(i, true);
    if (client_side_moves(connections_[i])) moves.emplace_back(i, false);
  }
  if (moves.empty()) return false;
  const auto [index, to_broker] = moves[random_.below(moves.size())];
  if (to_broker) {
    move_to_broker(connections_[index], index);
  } else {
    move_to_client(connections_[index], index);
  }
  return true;
}

// Who is called may open connections: the table is not touched after that.
void SimulatedNetwork::move_to_broker(Connection connection, size_t index) {
  std::string& bytes = connection.wire->to_broker;
  if (!bytes.empty()) return connection.broker->receive(Wire::take(bytes, random_));
  connections_[index].broker = nullptr;
  connection.broker->end();
}

void SimulatedNetwork::move_to_client(Connection connection, size_t index) {
  std::string& bytes = connection.wire->to_client;
  if (!bytes.empty()) return connection.client->receive(Wire::take(bytes, random_));
  connections_[index].client = nullptr;
  connection.gone();
  connection.client->end();
}

void SimulatedNetwork::lose_one() {
  if (!connections_.empty()) connections_[random_.below(connections_.size())].wire->lose(random_);
}

void SimulatedNetwork::drop_answers() {
  for (Connection& each : connections_) each.wire->to_client.clear();
}

void SimulatedNetwork::broker_died() {
  for (Connection& each : connections_) {
    each.wire->lose(random_);
    each.wire->to_broker.clear();
    each.broker = nullptr;
  }
}

}  // namespace mqctl::sim
