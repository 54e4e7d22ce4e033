#include "cli/remoting/connection.h"

#include <algorithm>
#include <utility>

#include "cli/remoting/frame_codec.h"

namespace mqctl {
namespace {

using std::chrono::steady_clock;

// Of answers that wait to be read: beyond the one no request is begun, beyond the other the connection ends.
constexpr size_t kMaxQueuedBytes = 32u << 20;
constexpr size_t kTooManyQueuedBytes = 64u << 20;

HostAddress address_of(const asio::ip::tcp::endpoint& endpoint) {
  HostAddress host;
  host.port = endpoint.port();
  asio::ip::address address = endpoint.address();
  if (address.is_v6() && address.to_v6().is_v4_mapped()) {
    address = asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6());
  }
  if (address.is_v4()) {
    const auto bytes = address.to_v4().to_bytes();
    std::copy(bytes.begin(), bytes.end(), host.address.begin());
  } else {
    host.v6 = true;
    const auto bytes = address.to_v6().to_bytes();
    std::copy(bytes.begin(), bytes.end(), host.address.begin());
  }
  return host;
}

Response waited_too_long(std::chrono::milliseconds waited, size_t queued) {
  return Response::of(response_code::kSystemBusy,
                      "[TIMEOUT_CLEAN_QUEUE]broker busy, start flow control for a while, period in queue: " +
                          std::to_string(waited.count()) + "ms, size of queue: " + std::to_string(queued));
}

}  // namespace

Connection::Connection(ConnectionContext& context, asio::ip::tcp::socket socket, uint64_t id)
    : context_(context), socket_(std::move(socket)), id_(id), drained_(socket_.get_executor()) {
  note_activity(steady_clock::now());
  asio::error_code error;
  remote_ = address_of(socket_.remote_endpoint(error));
  local_ = address_of(socket_.local_endpoint(error));
  socket_.set_option(asio::ip::tcp::no_delay(true), error);
  socket_.set_option(asio::socket_base::keep_alive(true), error);
}

steady_clock::time_point Connection::last_active() const {
  return steady_clock::time_point(steady_clock::duration(active_ns_.load(std::memory_order_relaxed)));
}

asio::awaitable<void> Connection::run() {
  const auto self = shared_from_this();
  Consumed consumed = Consumed::kAll;
  while (open() && consumed != Consumed::kRefused) {
    if (consumed == Consumed::kAll) {
      const std::span<char> room = input_.room();
      asio::error_code error;
      const size_t got = co_await socket_.async_read_some(asio::buffer(room.data(), room.size()),
                                                          asio::redirect_error(asio::use_awaitable, error));
      if (error) break;
      input_.filled(got);
      context_.bytes_in.fetch_add(got, std::memory_order_relaxed);
    }
    consumed = consume_batch();
    co_await until_read();
  }
  end();
}

// Who does not read his answers is not asked for more questions.
asio::awaitable<void> Connection::until_read() {
  asio::error_code error;
  while (open() && unread_beyond(kMaxQueuedBytes)) {
    drained_.expires_after(std::chrono::seconds(1));
    co_await drained_.async_wait(asio::redirect_error(asio::use_awaitable, error));
  }
}

// What a read brought, as one batch: its answers go out together, and what follows from it comes after them.
Connection::Consumed Connection::consume_batch() {
  if (context_.hooks.batch_begins) context_.hooks.batch_begins();
  t_batch_ = this;
  Consumed consumed = Consumed::kRefused;
  try {
    consumed = consume();
  } catch (const std::exception& error) {
    context_.log.error("closed " + to_string(remote_) + ": " + error.what());
  }
  t_batch_ = nullptr;
  pump();
  if (context_.hooks.batch_ends) context_.hooks.batch_ends();
  return consumed;
}

Connection::Consumed Connection::consume() {
  std::string_view frame;
  FrameReader::Step step = FrameReader::Step::kNeedsMore;
  const auto arrived = steady_clock::now();
  while (true) {
    if (unread_beyond(kMaxQueuedBytes)) return Consumed::kPaused;
    step = input_.next(frame);
    if (step != FrameReader::Step::kFrame) break;
    Result<ReceivedCommand> command = decode_frame(frame);
    if (!command) {
      context_.log.warning("closed " + to_string(remote_) + ": " + command.error().message());
      return Consumed::kRefused;
    }
    context_.frames_in.fetch_add(1, std::memory_order_relaxed);
    note_activity(arrived);  // a whole frame came, not just a byte
    handle(std::move(*command), arrived);
  }
  if (step == FrameReader::Step::kNeedsMore) return Consumed::kAll;
  context_.log.warning("refused " + to_string(remote_) + ": " + input_.refusal());
  return Consumed::kRefused;
}

void Connection::handle(ReceivedCommand command, steady_clock::time_point arrived) {
  if (command.is_response()) return answered(std::move(command));
  const auto request = std::make_shared<Request>(Request{std::move(command), shared_from_this(), arrived});
  const ProcessorTable::Entry* entry = context_.processors.find(request->command.code);
  if (entry == nullptr) {
    const std::string text = " request type " + std::to_string(request->command.code) + " not supported";
    constexpr size_t kMostTold = 16;
    if (told_.size() < kMostTold && told_.insert(request->command.code).second)
      context_.log.info(to_string(remote_) + ":" + text);
    return request->respond(Response::of(response_code::kRequestCodeNotSupported, text));
  }
  if (entry->executor->runs_inline()) return process(request, *entry);
  const bool taken =
      entry->executor->submit({[self = shared_from_this(), request, entry] { self->process_queued(request, *entry); },
                               [request](std::chrono::milliseconds waited, size_t queued) {
                                 request->respond(waited_too_long(waited, queued));
                               },
                               request->command.storage_bytes});
  if (taken) return;
  request->respond(Response::busy());
}

// It was taken when there was room for its answer. There may be none left.
void Connection::process_queued(const RequestPtr& request, const ProcessorTable::Entry& entry) {
  if (!unread_beyond(kTooManyQueuedBytes)) return process(request, entry);
  if (open()) context_.log.warning("closed " + to_string(remote_) + ": it does not read its answers");
  close();
}

void Connection::process(const RequestPtr& request, const ProcessorTable::Entry& entry) {
  std::optional<Response> answer;
  try {
    answer = entry.processor(request);
  } catch (const std::exception& error) {
    context_.log.error("request " + std::to_string(request->command.code) + ": " + error.what());
    answer = Response::of(response_code::kSystemError, error.what());
  }
  if (context_.hooks.access) {
    const auto took = std::chrono::duration_cast<std::chrono::microseconds>(steady_clock::now() - request->arrived);
    context_.hooks.access(*request, answer ? answer->command.code : -1, took.count());
  }
  if (answer) request->respond(std::move(*answer));
}

void Connection::respond(int32_t opaque, SerializeType type, Response response) {
  response.command.opaque = opaque;
  response.command.flag = command_flag::kResponse;
  if (response.at_once) return send_at_once(response.command, type, std::move(response.records));
  enqueue(response.command, type, std::move(response.records));
}

void Connection::send_oneway(RemotingCommand command) {
  command.opaque = context_.next_opaque.fetch_add(1, std::memory_order_relaxed);
  command.flag = command_flag::kOneway;
  if (unread_beyond(kMaxQueuedBytes)) return close();
  enqueue(command, SerializeType::kJson);
}

void Connection::request(RemotingCommand command, std::chrono::milliseconds timeout, Answered done) {
  command.opaque = context_.next_opaque.fetch_add(1, std::memory_order_relaxed);
  command.flag = 0;
  if (unread_beyond(kMaxQueuedBytes)) close();
  const auto timer = std::make_shared<asio::steady_timer>(socket_.get_executor());
  bool waits = false;
  {
    MutexLock lock(mutex_);
    waits = open();
    if (waits) waiting_.emplace(command.opaque, Waiting{done, timer});
  }
  if (!waits) return done(std::nullopt);
  asio::post(socket_.get_executor(), [self = shared_from_this(), timer, timeout, opaque = command.opaque] {
    timer->expires_after(timeout);
    timer->async_wait([self, opaque](const asio::error_code& error) {
      if (error) return;
      if (std::optional<Waiting> late = self->take_waiting(opaque)) late->done(std::nullopt);
    });
  });
  enqueue(command, SerializeType::kJson);
}

std::optional<Connection::Waiting> Connection::take_waiting(int32_t opaque) {
  MutexLock lock(mutex_);
  const auto found = waiting_.find(opaque);
  if (found == waiting_.end()) return std::nullopt;
  Waiting waiting = std::move(found->second);
  waiting_.erase(found);
  return waiting;
}

void Connection::answered(ReceivedCommand command) {
  std::optional<Waiting> waiting = take_waiting(command.opaque);
  if (!waiting) return;
  waiting->timer->cancel();
  waiting->done(std::move(command));
}

void Connection::close() {
  if (!open_.exchange(false)) return;
  asio::post(socket_.get_executor(), [self = shared_from_this()] {
    asio::error_code ignored;
    MutexLock lock(self->mutex_);
    self->socket_.shutdown(asio::ip::tcp::socket::shutdown_both, ignored);
    self->socket_.close(ignored);
    self->drained_.cancel();
  });
}

void Connection::end() {
  close();
  std::map<int32_t, Waiting> waiting;
  {
    MutexLock lock(mutex_);
    waiting.swap(waiting_);
    unsent_.clear();
  }
  for (auto& [opaque, one] : waiting) {
    one.timer->cancel();
    one.done(std::nullopt);
  }
  if (context_.hooks.closed) context_.hooks.closed(shared_from_this());
}

}  // namespace mqctl
