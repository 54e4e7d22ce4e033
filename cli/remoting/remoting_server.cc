#include "cli/remoting/remoting_server.h"

#include <fcntl.h>
#include <unistd.h>

#include <thread>
#include <unordered_map>

#include "cli/remoting/connection.h"

namespace mqctl {
namespace {

using asio::ip::tcp;

// No program that we run inherits it.
void keep_from_commands(auto& socket) { ::fcntl(socket.native_handle(), F_SETFD, FD_CLOEXEC); }

// Works off what an event loop has, until it is stopped. Going to sleep and being woken costs more than most requests:
// a thread whose work last paused for a moment only looks for more so long before it sleeps. Between two looks it lets
// others run; where one of them keeps the processor for long, the machine is busy, and for a while nobody looks.
class Worker {
 public:
  explicit Worker(asio::io_context& io) : io_(io) {}

  void run() {
    const auto until_stopped = asio::make_work_guard(io_);
    bool short_pause = false;
    while (!io_.stopped()) {
      if (io_.poll() > 0) continue;
      const Clock::time_point dry = Clock::now();
      if (!short_pause || !look(dry)) io_.run_one();
      short_pause = Clock::now() - dry < kMoment;
    }
  }

 private:
  using Clock = std::chrono::steady_clock;
  static constexpr std::chrono::microseconds kMoment{60}, kLong{200};
  static constexpr std::chrono::milliseconds kAWhile{100};

  // Whether something came.
  bool look(Clock::time_point now) {
    if (now < no_looks_until_) return false;
    for (const Clock::time_point end = now + kMoment; now < end;) {
      std::this_thread::yield();
      const Clock::time_point before = std::exchange(now, Clock::now());
      if (now - before > kLong) no_looks_until_ = now + kAWhile;
      if (io_.poll() > 0) return true;
    }
    return false;
  }

  asio::io_context& io_;
  Clock::time_point no_looks_until_;
};

// Connections that cannot be taken: the first is told, then at most one line in a while, however many come.
class Refusals {
 public:
  explicit Refusals(const EventLog& log) : log_(log) {}
  void note(const std::string& why) {
    ++untold_;
    const auto now = std::chrono::steady_clock::now();
    if (now < quiet_until_) return;
    quiet_until_ = now + kQuiet;
    log_.warning("refused a connection: " + why +
                 (untold_ > 1 ? "; " + std::to_string(untold_) + " since the last time that this was said" : ""));
    untold_ = 0;
  }

 private:
  static constexpr std::chrono::seconds kQuiet{10};
  const EventLog& log_;
  uint64_t untold_ = 0;
  std::chrono::steady_clock::time_point quiet_until_;
};

// Kept for the moment when there is no other.
class SpareDescriptor {
 public:
  SpareDescriptor() { take(); }
  ~SpareDescriptor() { give(); }
  SpareDescriptor(const SpareDescriptor&) = delete;
  SpareDescriptor& operator=(const SpareDescriptor&) = delete;
  void take() { fd_ = ::open("/dev/null", O_RDONLY | O_CLOEXEC); }
  void give() {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }

 private:
  int fd_ = -1;
};

}  // namespace

struct RemotingServer::Impl {
  Impl(const ProcessorTable& processors, const EventLog& server_log, RemotingServerOptions server_options,
       RemotingHooks server_hooks)
      : log(server_log), options(server_options), hooks(std::move(server_hooks)), context{processors, log, hooks} {
    for (int i = 1; i < options.io_threads; ++i) others.push_back(std::make_unique<asio::io_context>(1));
  }

  // Each connection belongs to a thread for good: none of its steps needs a lock against another.
  asio::io_context& next_io() {
    const size_t turn = next_turn++ % (others.size() + 1);
    return turn == 0 ? io : *others[turn - 1];
  }

  asio::awaitable<void> accept(tcp::acceptor& acceptor) {
    while (acceptor.is_open()) {
      asio::error_code error;
      tcp::socket socket = co_await acceptor.async_accept(next_io(), asio::redirect_error(asio::use_awaitable, error));
      if (error == asio::error::operation_aborted || !acceptor.is_open()) co_return;
      if (error) {
        refusals.note(error.message());
        turn_away(acceptor);
        asio::steady_timer pause(io, std::chrono::milliseconds(100));
        co_await pause.async_wait(asio::redirect_error(asio::use_awaitable, error));
        continue;
      }
      take(std::move(socket));
    }
  }

  // Without a descriptor nobody is told anything: clients would wait for a connection that the kernel made.
  void turn_away(tcp::acceptor& acceptor) {
    constexpr int kAtOnce = 64;
    spare.give();
    asio::error_code error;
    for (int i = 0; i < kAtOnce && !error; ++i) {
      tcp::socket socket(io);
      acceptor.accept(socket, error);
    }
    spare.take();
  }

  void take(tcp::socket socket) {
    keep_from_commands(socket);
    MutexLock lock(mutex);
    if (connections.size() >= options.max_connections) {
      refusals.note("there are " + std::to_string(connections.size()));
      return;
    }
    const uint64_t id = next_id++;
    const auto connection = std::make_shared<Connection>(context, std::move(socket), id);
    connections.emplace(id, connection);
    asio::co_spawn(connection->executor(), connection->run(), [this, id](const std::exception_ptr&) { forget(id); });
  }

  void forget(uint64_t id) {
    MutexLock lock(mutex);
    connections.erase(id);
  }

  std::vector<std::shared_ptr<Connection>> all() const {
    MutexLock lock(mutex);
    std::vector<std::shared_ptr<Connection>> found;
    for (const auto& [id, connection] : connections) found.push_back(connection);
    return found;
  }

  asio::awaitable<void> close_idle() {
    if (options.idle_seconds == 0) co_return;  // as in Netty: never
    const auto limit = std::chrono::seconds(options.idle_seconds);
    const auto interval = std::chrono::seconds(std::clamp(options.idle_seconds / 4, 1, 5));
    asio::error_code error;
    auto looked = std::chrono::steady_clock::now(), awake_since = looked;
    while (true) {
      idle_timer.expires_after(interval);
      co_await idle_timer.async_wait(asio::redirect_error(asio::use_awaitable, error));
      if (error) co_return;
      // Who was stopped himself has heard nobody, whatever they said.
      const auto now = std::chrono::steady_clock::now();
      if (now - std::exchange(looked, now) > 2 * interval) awake_since = now;
      for (const auto& connection : all()) {
        if (now - std::max(connection->last_active(), awake_since) > limit) connection->close();
      }
    }
  }

  const EventLog& log;
  const RemotingServerOptions options;
  const RemotingHooks hooks;
  // Before `io`, so that they go after it: an accept that waits there holds a socket of theirs.
  std::vector<std::unique_ptr<asio::io_context>> others;
  asio::io_context io{1};  // with the first connections it has acceptors and timers
  size_t next_turn = 0;
  ConnectionContext context;
  asio::steady_timer idle_timer{io};
  std::vector<std::unique_ptr<tcp::acceptor>> acceptors;
  Refusals refusals{log};  // the accepting thread's, as is the spare descriptor
  SpareDescriptor spare;
  std::vector<std::thread> threads;
  mutable Mutex mutex;
  std::unordered_map<uint64_t, std::shared_ptr<Connection>> connections GUARDED_BY(mutex);
  uint64_t next_id GUARDED_BY(mutex) = 1;
};

RemotingServer::RemotingServer(const ProcessorTable& processors, const EventLog& log, RemotingServerOptions options,
                               RemotingHooks hooks)
    : impl_(std::make_unique<Impl>(processors, log, options, std::move(hooks))) {}

RemotingServer::~RemotingServer() { stop(std::chrono::milliseconds(0)); }

Result<int> RemotingServer::listen(const std::string& address, int port) {
  const std::string place = address + ":" + std::to_string(port);
  asio::error_code error;
  const asio::ip::address ip = asio::ip::make_address(address, error);
  if (error) return Status::error(Errc::kInvalidArgument, "`" + address + "` is no numeric address");
  const tcp::endpoint endpoint(ip, static_cast<uint16_t>(port));
  auto acceptor = std::make_unique<tcp::acceptor>(impl_->io);
  acceptor->open(endpoint.protocol(), error);
  if (!error) keep_from_commands(*acceptor);
  if (!error) acceptor->set_option(asio::socket_base::reuse_address(true), error);
  if (!error) acceptor->bind(endpoint, error);
  if (!error) acceptor->non_blocking(true, error);  // who is gone by the time that he is turned away holds nobody up
  if (!error) acceptor->listen(asio::socket_base::max_listen_connections, error);
  if (error) return Status::from_errno("cannot listen on " + place, error.value());
  const int bound = acceptor->local_endpoint(error).port();
  impl_->acceptors.push_back(std::move(acceptor));
  return bound;
}

void RemotingServer::start() {
  for (const auto& acceptor : impl_->acceptors) asio::co_spawn(impl_->io, impl_->accept(*acceptor), asio::detached);
  asio::co_spawn(impl_->io, impl_->close_idle(), asio::detached);
  impl_->threads.emplace_back([this] { Worker(impl_->io).run(); });
  for (const auto& other : impl_->others) {
    impl_->threads.emplace_back([&io = *other] { Worker(io).run(); });
  }
}

void RemotingServer::stop(std::chrono::milliseconds limit) {
  if (impl_->threads.empty()) return;
  asio::post(impl_->io, [this] {
    asio::error_code ignored;
    for (const auto& acceptor : impl_->acceptors) acceptor->close(ignored);
    impl_->idle_timer.cancel();
  });
  const auto deadline = std::chrono::steady_clock::now() + limit;
  for (const auto& connection : impl_->all()) {
    while (connection->open() && connection->has_unsent() && std::chrono::steady_clock::now() < deadline) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    connection->close();
  }
  while (!impl_->all().empty() && std::chrono::steady_clock::now() < deadline + std::chrono::seconds(1)) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  impl_->io.stop();
  for (const auto& other : impl_->others) other->stop();
  for (std::thread& thread : impl_->threads) thread.join();
  impl_->threads.clear();
}

RemotingCounters RemotingServer::counters() const {
  const ConnectionContext& context = impl_->context;
  MutexLock lock(impl_->mutex);
  return {impl_->connections.size(), context.frames_in.load(), context.frames_out.load(), context.bytes_in.load(),
          context.bytes_out.load()};
}

}  // namespace mqctl
