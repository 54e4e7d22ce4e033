// Connection: what goes out. Encoded by whoever answers, sent by the connection's own thread; what is wanted at once,
// and finds nothing under way, by who answers: that thread may be asleep.
#include <algorithm>

#include "cli/remoting/connection.h"
#include "cli/remoting/frame_codec.h"

namespace mqctl {
namespace {

constexpr size_t kCoalesceBytes = 64u << 10;

}  // namespace

thread_local const Connection* Connection::t_batch_ = nullptr;

void Connection::append(const RemotingCommand& command, SerializeType type, std::vector<HeldBytes> records) {
  size_t outside = 0;
  for (const HeldBytes& record : records) outside += record.bytes().size();
  const bool joins = !unsent_.empty() && unsent_.back().records.empty() && unsent_.back().bytes.size() < kCoalesceBytes;
  if (!joins) unsent_.emplace_back();
  Chunk& chunk = unsent_.back();
  const size_t before = chunk.bytes.size();
  encode_frame(chunk.bytes, command, type, outside);
  unsent_bytes_ += chunk.bytes.size() - before + outside;
  chunk.records = std::move(records);
}

void Connection::enqueue(const RemotingCommand& command, SerializeType type, std::vector<HeldBytes> records) {
  bool post = false;
  {
    MutexLock lock(mutex_);
    if (!open()) return;
    append(command, type, std::move(records));
    post = ask_for_pump();
  }
  context_.frames_out.fetch_add(1, std::memory_order_relaxed);
  if (post) post_pump();
}

void Connection::send_at_once(const RemotingCommand& command, SerializeType type, std::vector<HeldBytes> records) {
  bool post = false;
  {
    MutexLock lock(mutex_);
    if (!open()) return;
    const bool idle = !writing_ && unsent_.empty();
    append(command, type, std::move(records));
    if (idle) {
      send_here();
    } else {
      post = ask_for_pump();
    }
  }
  context_.frames_out.fetch_add(1, std::memory_order_relaxed);
  if (post) post_pump();
}

void Connection::post_pump() {
  asio::post(socket_.get_executor(), [self = shared_from_this()] {
    {
      MutexLock lock(self->mutex_);
      self->pump_posted_ = false;
    }
    self->pump();
  });
}

// By any thread. What the socket does not take now is the connection's thread's.
void Connection::send_here() {
  gather();
  switch (output_.send(socket_.native_handle())) {
    case GatherWrite::Outcome::kSent:
      return sent();
    case GatherWrite::Outcome::kFailed:
      return close();
    case GatherWrite::Outcome::kWouldBlock:
      break;
  }
  asio::post(socket_.get_executor(), [self = shared_from_this()] {
    self->write_on();
    self->pump();
  });
}

// Sends what there is, unless that is under way already.
void Connection::pump() {
  while (begin_sending()) write_on();
}

bool Connection::begin_sending() {
  MutexLock lock(mutex_);
  if (writing_ || unsent_.empty() || !open()) return false;
  gather();
  return true;
}

void Connection::gather() {
  writing_ = true;
  sending_.swap(unsent_);
  for (const Chunk& chunk : sending_) {
    output_.add(chunk.bytes.data(), chunk.bytes.size());
    for (const HeldBytes& record : chunk.records) output_.add(record.bytes().data(), record.bytes().size());
  }
}

void Connection::write_on() {
  switch (output_.send(socket_.native_handle())) {
    case GatherWrite::Outcome::kSent: {
      MutexLock lock(mutex_);
      sent();
      break;
    }
    case GatherWrite::Outcome::kFailed:
      return close();
    case GatherWrite::Outcome::kWouldBlock:
      return socket_.async_wait(asio::ip::tcp::socket::wait_write,
                                [self = shared_from_this()](const asio::error_code& error) {
                                  if (error) return self->close();
                                  self->write_on();
                                  self->pump();
                                });
  }
  drained_.cancel();
}

void Connection::sent() {
  writing_ = false;
  context_.bytes_out.fetch_add(output_.bytes(), std::memory_order_relaxed);
  note_activity(std::chrono::steady_clock::now());
  sending_.clear();
  unsent_bytes_ -= std::min(output_.bytes(), unsent_bytes_.load());
  output_.clear();
}

}  // namespace mqctl
