// ClientChannel: a client's connection without a socket: checks that whatever goes out is a frame that a client can
// read, and that no request is answered twice.
#pragma once

#include <set>
#include <vector>

#include "cli/remoting/channel.h"
#include "libstore/base/mutex.h"

namespace mqctl::test {

class ClientChannel final : public Channel {
 public:
  explicit ClientChannel(uint64_t id);

  uint64_t id() const override { return id_; }
  const HostAddress& remote() const override { return remote_; }
  const HostAddress& local() const override { return local_; }
  bool open() const override EXCLUDES(mutex_);
  void close() override EXCLUDES(mutex_);
  void respond(int32_t opaque, SerializeType type, Response response) override EXCLUDES(mutex_);
  void send_oneway(RemotingCommand command) override;
  void request(RemotingCommand command, std::chrono::milliseconds timeout, Answered done) override EXCLUDES(mutex_);

  // The client asks: its request is owed an answer.
  void asks(int32_t opaque) EXCLUDES(mutex_);
  void excuses(int32_t opaque) EXCLUDES(mutex_);
  size_t owed() const EXCLUDES(mutex_);
  // The client answers what it was asked by the server; nothing: it never will.
  void answer(std::optional<std::string_view> body) EXCLUDES(mutex_);

 private:
  const uint64_t id_;
  const HostAddress remote_, local_;
  mutable Mutex mutex_;
  bool open_ GUARDED_BY(mutex_) = true;
  std::multiset<int32_t> owed_ GUARDED_BY(mutex_);
  std::vector<Answered> asked_ GUARDED_BY(mutex_);
};

}  // namespace mqctl::test
