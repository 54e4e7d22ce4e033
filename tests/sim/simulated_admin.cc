#include "tests/sim/simulated_admin.h"

#include "tests/sim/failure.h"

namespace mqctl::sim {

void SimulatedAdmin::step() {
  if (client_ == nullptr) {
    client_ = dial_([](const ReceivedCommand&) {}, [this] { client_ = nullptr; });
    return;
  }
  if (asking_) return;
  const int choice = random_.number(1, 100);
  if (choice <= 15) return delete_topic();
  if (choice <= 20) make_topic();
}

void SimulatedAdmin::delete_topic() {
  asking_ = true;
  model_.deletion_sent();
  RemotingCommand command;
  command.code = request_code::kDeleteTopicInBroker;
  command.set("topic", kDeletedTopic);
  client_->ask(std::move(command), [this, life = model_.life()](const ReceivedCommand* answer) {
    asking_ = false;
    if (answer == nullptr || answer->code != response_code::kSuccess) return;
    ++deletions_;
    model_.deletion_answered(life);
  });
}

void SimulatedAdmin::make_topic() {
  asking_ = true;
  RemotingCommand command;
  command.code = request_code::kUpdateAndCreateTopic;
  command.set("topic", kDeletedTopic).set("readQueueNums", 2).set("writeQueueNums", 2).set("perm", 6);
  client_->ask(std::move(command), [this](const ReceivedCommand*) { asking_ = false; });
}

}  // namespace mqctl::sim
