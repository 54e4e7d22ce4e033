// ClientEnd: a client's end of a wire: requests go out as frames, answers find who asked. Not copied; its owner hands
// it what arrives, and tells it when the connection is gone.
#pragma once

#include <functional>
#include <map>
#include <memory>

#include "cli/remoting/frame_reader.h"
#include "cli/remoting/remoting_command.h"
#include "tests/sim/wire.h"

namespace mqctl::sim {

class ClientEnd {
 public:
  // Null: the connection was lost before an answer came.
  using Answered = std::function<void(const ReceivedCommand* answer)>;
  using Asked = std::function<void(const ReceivedCommand& request)>;

  ClientEnd(std::shared_ptr<Wire> wire, SerializeType type, Asked asked)
      : wire_(std::move(wire)), type_(type), asked_(std::move(asked)) {}

  void ask(RemotingCommand command, Answered answered);
  void tell(RemotingCommand command);
  void receive(std::string_view bytes);
  // Whoever still waits learns that there is no answer.
  void end();
  size_t waiting() const { return waiting_.size(); }

 private:
  void handle(const ReceivedCommand& command);

  const std::shared_ptr<Wire> wire_;
  const SerializeType type_;
  const Asked asked_;
  FrameReader reader_;
  std::map<int32_t, Answered> waiting_;
  int32_t next_opaque_ = 1;
};

}  // namespace mqctl::sim
