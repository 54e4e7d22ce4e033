#include "tests/sim/client_end.h"

#include "tests/sim/frames.h"

namespace mqctl::sim {

void ClientEnd::ask(RemotingCommand command, Answered answered) {
  command.opaque = next_opaque_++;
  waiting_.emplace(command.opaque, std::move(answered));
  std::string bytes;
  encode_frame(bytes, command, type_);
  wire_->send_to_broker(bytes);
}

void ClientEnd::tell(RemotingCommand command) {
  command.opaque = next_opaque_++;
  command.flag = command_flag::kOneway;
  std::string bytes;
  encode_frame(bytes, command, type_);
  wire_->send_to_broker(bytes);
}

void ClientEnd::receive(std::string_view bytes) {
  for_each_frame(reader_, bytes, [this](const ReceivedCommand& command) { handle(command); });
}

void ClientEnd::handle(const ReceivedCommand& command) {
  if (!command.is_response()) return asked_(command);
  const auto found = waiting_.find(command.opaque);
  require(found != waiting_.end(), "an answer to request {}, which nobody asked or which was answered", command.opaque);
  const Answered answered = std::move(found->second);
  waiting_.erase(found);
  answered(&command);
}

void ClientEnd::end() {
  std::map<int32_t, Answered> waiting;
  waiting.swap(waiting_);
  for (const auto& [opaque, answered] : waiting) answered(nullptr);
}

}  // namespace mqctl::sim
