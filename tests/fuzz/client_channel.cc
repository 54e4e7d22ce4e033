#include "tests/fuzz/client_channel.h"

#include "cli/remoting/frame_codec.h"
#include "tests/fuzz/require.h"

namespace mqctl::test {
namespace {

void check_frame(const RemotingCommand& command, SerializeType type, size_t records) {
  std::string frame;
  encode_frame(frame, command, type, records);
  const Result<size_t> length = frame_bytes(frame.data());
  REQUIRE(length.has_value() && *length == frame.size() + records);
  frame.append(records, 'r');
  const Result<ReceivedCommand> read = decode_frame(frame);
  REQUIRE(read.has_value() && read->opaque == command.opaque && read->flag == command.flag);
}

}  // namespace

ClientChannel::ClientChannel(uint64_t id)
    : id_(id),
      remote_(HostAddress::v4(192, 0, 2, static_cast<uint8_t>(id), 40000)),
      local_(HostAddress::v4(192, 0, 2, 100, 10911)) {}

bool ClientChannel::open() const {
  MutexLock lock(mutex_);
  return open_;
}

void ClientChannel::close() {
  {
    MutexLock lock(mutex_);
    open_ = false;
  }
  answer(std::nullopt);
}

void ClientChannel::respond(int32_t opaque, SerializeType type, Response response) {
  {
    MutexLock lock(mutex_);
    const auto owed = owed_.find(opaque);
    REQUIRE(owed != owed_.end());
    owed_.erase(owed);
  }
  response.command.opaque = opaque;
  response.command.flag = command_flag::kResponse;
  size_t records = 0;
  for (const HeldBytes& held : response.records) records += held.bytes().size();
  check_frame(response.command, type, records);
}

void ClientChannel::send_oneway(RemotingCommand command) {
  command.flag = command_flag::kOneway;
  check_frame(command, SerializeType::kJson, 0);
}

void ClientChannel::request(RemotingCommand command, std::chrono::milliseconds, Answered done) {
  check_frame(command, SerializeType::kJson, 0);
  {
    MutexLock lock(mutex_);
    if (open_) {
      asked_.push_back(std::move(done));
      return;
    }
  }
  done(std::nullopt);
}

void ClientChannel::asks(int32_t opaque) {
  MutexLock lock(mutex_);
  owed_.insert(opaque);
}

void ClientChannel::excuses(int32_t opaque) {
  MutexLock lock(mutex_);
  owed_.erase(opaque);
}

size_t ClientChannel::owed() const {
  MutexLock lock(mutex_);
  return owed_.size();
}

void ClientChannel::answer(std::optional<std::string_view> body) {
  std::vector<Answered> asked;
  {
    MutexLock lock(mutex_);
    asked.swap(asked_);
  }
  for (const Answered& done : asked) {
    if (!body) {
      done(std::nullopt);
      continue;
    }
    ReceivedCommand command;
    command.flag = command_flag::kResponse;
    command.body = as_bytes(*body);
    done(std::move(command));
  }
}

}  // namespace mqctl::test
