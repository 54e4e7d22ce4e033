// BrokerEnd: the broker's end of a wire: a Channel that deals with requests as Connection does, without a socket.
//
// Lives as long as somebody holds it, the broker's tables among them; receive() and end() need the broker alive. A
// machine that is off sends nothing: what the broker answers after a cut of the disk is dropped.
#pragma once

#include <memory>

#include "cli/broker/broker_controller.h"
#include "cli/remoting/frame_reader.h"
#include "tests/sim/simulated_disk.h"
#include "tests/sim/wire.h"

namespace mqctl::sim {

class BrokerEnd final : public Channel, public std::enable_shared_from_this<BrokerEnd> {
 public:
  BrokerEnd(uint64_t id, BrokerController& broker, const SimulatedDisk& disk, std::shared_ptr<Wire> wire);

  void receive(std::string_view bytes);
  // The broker learns that the connection is gone.
  void end();

  uint64_t id() const override { return id_; }
  const HostAddress& remote() const override { return remote_; }
  const HostAddress& local() const override { return local_; }
  bool open() const override { return open_ && !wire_->lost; }
  void close() override { wire_->lost = true; }
  void respond(int32_t opaque, SerializeType type, Response response) override;
  void send_oneway(RemotingCommand command) override;
  // Nobody answers requests of the broker here.
  void request(RemotingCommand, std::chrono::milliseconds, Answered done) override { done(std::nullopt); }

 private:
  void handle(ReceivedCommand command);
  void send(const RemotingCommand& command, SerializeType type, const std::vector<HeldBytes>& records);

  const uint64_t id_;
  BrokerController& broker_;
  const SimulatedDisk& disk_;
  const std::shared_ptr<Wire> wire_;
  const RemotingHooks hooks_;
  const HostAddress remote_, local_;
  FrameReader reader_;
  bool open_ = true;
  int32_t next_opaque_ = 1;
};

}  // namespace mqctl::sim
