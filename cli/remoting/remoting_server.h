// RemotingServer: listens, reads frames, hands each request to its processor, writes answers (Apache:
// NettyRemotingServer). Everything that waits is a coroutine; a connection stays with one of a few threads; what a read
// brings is decoded whole and answered with one vectored write.
//
// Bounds: frames of 16 MiB, max_connections, and 32 MiB of answers to a client that does not read them: beyond it none
// of his requests is begun, and a push to him closes the connection; so do 64 MiB, of requests that waited in
// executors.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "cli/output/event_log.h"
#include "cli/remoting/processor_table.h"
#include "libstore/base/result.h"

namespace mqctl {

struct RemotingServerOptions {
  int io_threads = 1;
  int idle_seconds = 120;
  size_t max_connections = 50000;
};

struct RemotingHooks {
  std::function<void(const ChannelPtr&)> closed;
  // For --access-log: code, bytes of the body, answer's code (-1: none yet), microseconds.
  std::function<void(const Request& request, int32_t answer, int64_t micros)> access;
  // Around the requests that one read brought; the second when their answers are on their way. By a connection's
  // thread.
  std::function<void()> batch_begins, batch_ends;
};

struct RemotingCounters {
  uint64_t connections = 0, frames_in = 0, frames_out = 0, bytes_in = 0, bytes_out = 0;
};

class RemotingServer {
 public:
  // All of them outlive the server.
  RemotingServer(const ProcessorTable& processors, const EventLog& log, RemotingServerOptions options,
                 RemotingHooks hooks);
  ~RemotingServer();

  // A numeric address and a port, 0 for any; the port that it became. kBusy where somebody has it.
  Result<int> listen(const std::string& address, int port);
  void start();
  // No new connections; what is answered goes out, within the limit; then all are closed.
  void stop(std::chrono::milliseconds limit);
  RemotingCounters counters() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace mqctl
