#include "tests/sim/broker_end.h"

#include "tests/sim/frames.h"

namespace mqctl::sim {

BrokerEnd::BrokerEnd(uint64_t id, BrokerController& broker, const SimulatedDisk& disk, std::shared_ptr<Wire> wire)
    : id_(id),
      broker_(broker),
      disk_(disk),
      wire_(std::move(wire)),
      hooks_(broker.hooks()),
      remote_(HostAddress::v4(127, 0, 0, 1, static_cast<int32_t>(20000 + id % 10000))),
      local_(HostAddress::v4(127, 0, 0, 1, 10911)) {}

void BrokerEnd::receive(std::string_view bytes) {
  hooks_.batch_begins();
  for_each_frame(reader_, bytes, [this](ReceivedCommand command) { handle(std::move(command)); });
  hooks_.batch_ends();
}

void BrokerEnd::end() {
  open_ = false;
  hooks_.closed(shared_from_this());
}

void BrokerEnd::handle(ReceivedCommand command) {
  if (disk_.cut()) return;
  const auto request =
      std::make_shared<Request>(Request{std::move(command), shared_from_this(), broker_.clock().steady_now()});
  const ProcessorTable::Entry* entry = broker_.processors().find(request->command.code);
  require(entry != nullptr && entry->executor->runs_inline(), "request {} has no processor", request->command.code);
  if (std::optional<Response> answer = entry->processor(request)) request->respond(std::move(*answer));
}

void BrokerEnd::respond(int32_t opaque, SerializeType type, Response response) {
  response.command.opaque = opaque;
  response.command.flag = command_flag::kResponse;
  send(response.command, type, response.records);
}

void BrokerEnd::send_oneway(RemotingCommand command) {
  command.opaque = next_opaque_++;
  command.flag = command_flag::kOneway;
  send(command, SerializeType::kJson, {});
}

void BrokerEnd::send(const RemotingCommand& command, SerializeType type, const std::vector<HeldBytes>& records) {
  if (disk_.cut()) return;
  size_t outside = 0;
  for (const HeldBytes& record : records) outside += record.bytes().size();
  std::string bytes;
  encode_frame(bytes, command, type, outside);
  for (const HeldBytes& record : records) bytes += as_text(record.bytes());
  wire_->send_to_client(bytes);
}

}  // namespace mqctl::sim
