// Connection: a Channel over a TCP socket. See remoting_server.h for its bounds. Internal to cli/remoting.
#pragma once

// asio asks the C++ library what it has, which one of its headers must have told by then: else one source frees with
// `delete` what another has from `aligned_alloc`.
#include <stdlib.h>

#include <asio.hpp>
#include <atomic>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "cli/remoting/frame_reader.h"
#include "cli/remoting/gather_write.h"
#include "cli/remoting/remoting_server.h"
#include "libstore/base/mutex.h"

namespace mqctl {

// What connections of one server share.
struct ConnectionContext {
  const ProcessorTable& processors;
  const EventLog& log;
  const RemotingHooks& hooks;
  std::atomic<int32_t> next_opaque{1};
  std::atomic<uint64_t> frames_in{0}, frames_out{0}, bytes_in{0}, bytes_out{0};
};

class Connection final : public Channel, public std::enable_shared_from_this<Connection> {
 public:
  Connection(ConnectionContext& context, asio::ip::tcp::socket socket, uint64_t id);

  // Reads until the connection ends.
  asio::awaitable<void> run();

  uint64_t id() const override { return id_; }
  const HostAddress& remote() const override { return remote_; }
  const HostAddress& local() const override { return local_; }
  bool open() const override { return open_.load(std::memory_order_relaxed); }
  void close() override;
  void respond(int32_t opaque, SerializeType type, Response response) override;
  void send_oneway(RemotingCommand command) override;
  void request(RemotingCommand command, std::chrono::milliseconds timeout, Answered done) override;

  std::chrono::steady_clock::time_point last_active() const;
  bool has_unsent() const { return unread_beyond(0); }
  asio::any_io_executor executor() { return socket_.get_executor(); }

 private:
  // A run of bytes that were encoded, and records behind them.
  struct Chunk {
    std::string bytes;
    std::vector<HeldBytes> records;
  };
  // An answer that the client owes us, and its time.
  struct Waiting {
    Answered done;
    std::shared_ptr<asio::steady_timer> timer;  // the connection's thread's own
  };
  enum class Consumed { kAll, kPaused, kRefused };
  Consumed consume_batch();
  Consumed consume();
  bool unread_beyond(size_t bytes) const { return unsent_bytes_.load(std::memory_order_relaxed) > bytes; }
  asio::awaitable<void> until_read();
  void handle(ReceivedCommand command, std::chrono::steady_clock::time_point arrived);
  void process_queued(const RequestPtr& request, const ProcessorTable::Entry& entry);
  void process(const RequestPtr& request, const ProcessorTable::Entry& entry);
  // With what else is to go out by then, and now.
  void enqueue(const RemotingCommand& command, SerializeType type, std::vector<HeldBytes> records = {})
      EXCLUDES(mutex_);
  void send_at_once(const RemotingCommand& command, SerializeType type, std::vector<HeldBytes> records)
      EXCLUDES(mutex_);
  bool ask_for_pump() REQUIRES(mutex_) { return t_batch_ != this && !std::exchange(pump_posted_, true); }
  void append(const RemotingCommand& command, SerializeType type, std::vector<HeldBytes> records) REQUIRES(mutex_);
  void send_here() REQUIRES(mutex_);
  void post_pump();
  void note_activity(std::chrono::steady_clock::time_point now) {
    active_ns_.store(now.time_since_epoch().count(), std::memory_order_relaxed);
  }
  bool begin_sending() EXCLUDES(mutex_);
  void gather() REQUIRES(mutex_);
  void pump();
  void write_on();
  void sent() REQUIRES(mutex_);
  void answered(ReceivedCommand command) EXCLUDES(mutex_);
  std::optional<Waiting> take_waiting(int32_t opaque) EXCLUDES(mutex_);
  void end();

  // The connection whose frames this thread is at: what it answers goes out together when all are done.
  static thread_local const Connection* t_batch_;

  ConnectionContext& context_;
  asio::ip::tcp::socket socket_;
  const uint64_t id_;
  HostAddress remote_, local_;
  std::atomic<bool> open_{true};
  std::atomic<int64_t> active_ns_{0};

  // The strand's own.
  FrameReader input_;
  std::set<int32_t> told_;  // codes that nobody deals with, as the log has them
  asio::steady_timer drained_;

  // His who has set writing_: the strand's, or with the lock held anybody's.
  std::vector<Chunk> sending_;
  GatherWrite output_;  // of sending_

  mutable Mutex mutex_;  // held, too, while the socket is closed
  bool writing_ GUARDED_BY(mutex_) = false;
  std::vector<Chunk> unsent_ GUARDED_BY(mutex_);
  std::atomic<size_t> unsent_bytes_{0};  // those being sent included; changed with the lock held
  bool pump_posted_ GUARDED_BY(mutex_) = false;
  std::map<int32_t, Waiting> waiting_ GUARDED_BY(mutex_);
};

}  // namespace mqctl
