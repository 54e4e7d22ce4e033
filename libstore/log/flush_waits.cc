#include "libstore/log/flush_waits.h"

#include <algorithm>
#include <utility>

namespace mqctl {
namespace {

// How often a wait is looked at within its limit.
constexpr int kLooks = 8;

}  // namespace

FlushWaits::~FlushWaits() {
  std::thread watcher;
  {
    MutexLock lock(mutex_);
    over_ = true;
    watcher = std::move(watcher_);
  }
  changed_.notify_all();
  if (watcher.joinable()) watcher.join();
}

void FlushWaits::add(int64_t end, Done done) {
  MutexLock lock(mutex_);
  waits_.push_back({end, std::chrono::steady_clock::now() + limit_, std::move(done)});
  if (background_ == Background::kThreads && !watcher_.joinable()) watcher_ = std::thread([this] { watch(); });
  if (std::exchange(idle_, false)) changed_.notify_one();
}

bool FlushWaits::empty() const {
  MutexLock lock(mutex_);
  return waits_.empty();
}

// They are called without the lock: what they do may come back here.
template <class Leaves>
std::vector<FlushWaits::Wait> FlushWaits::take(const Leaves& leaves) {
  MutexLock lock(mutex_);
  const auto stay = std::stable_partition(waits_.begin(), waits_.end(), leaves);
  std::vector<Wait> taken(std::make_move_iterator(waits_.begin()), std::make_move_iterator(stay));
  waits_.erase(waits_.begin(), stay);
  return taken;
}

void FlushWaits::settle(int64_t flushed, const Status& failure) {
  for (const Wait& wait : take([&](const Wait& one) { return one.end <= flushed || !failure.ok(); })) {
    wait.done(wait.end <= flushed ? Status() : failure);
  }
}

bool FlushWaits::next_look() {
  MutexLock lock(mutex_);
  idle_ = waits_.empty();
  while (idle_ && !over_) changed_.wait(mutex_);
  if (!over_) changed_.wait_for(mutex_, limit_ / kLooks);
  return !over_;
}

void FlushWaits::watch() {
  while (next_look()) {
    const Deadline now = std::chrono::steady_clock::now();
    for (const Wait& wait : take([&](const Wait& one) { return one.deadline <= now; })) {
      wait.done(flush_took_too_long());
    }
  }
}

Status flush_took_too_long() {
  return Status::error(Errc::kTimedOut, "the flush took longer than the limit; the message is stored");
}

}  // namespace mqctl
