// Channel: one connection of a client, as processors see it. Thread-safe. Lives as long as anybody holds it; once
// closed it takes what it is given and drops it.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "cli/remoting/response.h"
#include "libstore/message/host_address.h"

namespace mqctl {

class Channel {
 public:
  virtual ~Channel() = default;

  virtual uint64_t id() const = 0;  // never given twice
  virtual const HostAddress& remote() const = 0;
  virtual const HostAddress& local() const = 0;  // what the client dialled
  virtual bool open() const = 0;
  virtual void close() = 0;

  // Answers a request in the form that it came in.
  virtual void respond(int32_t opaque, SerializeType type, Response response) = 0;
  // Requests of the server, always JSON.
  virtual void send_oneway(RemotingCommand command) = 0;
  // `done` gets the answer, or none when the time is over or the connection gone, also for leaving too much
  // unread. Called by a thread of the server.
  using Answered = std::function<void(std::optional<ReceivedCommand>)>;
  virtual void request(RemotingCommand command, std::chrono::milliseconds timeout, Answered done) = 0;
};
using ChannelPtr = std::shared_ptr<Channel>;

// Whom an answer goes to, for who gives it later: the frame of the request, which may be large, is not kept for that.
struct Asker {
  ChannelPtr channel;
  int32_t opaque = 0;
  SerializeType type = SerializeType::kJson;
  bool oneway = false;

  void respond(Response response) const {
    if (!oneway) channel->respond(opaque, type, std::move(response));
  }
};

// A request with the connection that it came by.
struct Request {
  ReceivedCommand command;
  ChannelPtr channel;
  std::chrono::steady_clock::time_point arrived;

  Asker asker() const { return {channel, command.opaque, command.type, command.is_oneway()}; }
  void respond(Response response) const { asker().respond(std::move(response)); }
};
using RequestPtr = std::shared_ptr<Request>;

}  // namespace mqctl
