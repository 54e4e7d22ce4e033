#include "cli/broker/pull_request_hold.h"

namespace mqctl {
namespace {

// So many answers are sent sooner than the threads of their connections are woken.
constexpr size_t kFew = 8;

// Of one pull in all tables, without its frame.
constexpr size_t kOwnBytes = 1024;

}  // namespace

void PullRequestHold::start() {
  thread_ = std::thread([this] { run(); });
}

void PullRequestHold::stop() {
  {
    MutexLock lock(mutex_);
    stopping_ = true;
  }
  sooner_.notify_all();
  if (thread_.joinable()) thread_.join();
}

std::optional<uint64_t> PullRequestHold::park(const std::string& topic, int32_t queue, ParkedPull pull, Millis limit) {
  const size_t bytes = kOwnBytes + pull.request->command.storage_bytes;
  Parked parked{{topic, queue}, std::move(pull), clock_.steady_now() + limit, bytes};
  MutexLock lock(mutex_);
  if (!has_room(parked)) return std::nullopt;
  count_.fetch_add(1);
  bytes_ += bytes;
  const uint64_t number = next_++;
  of_queue_[parked.key].insert(number);
  Share& share = of_channel_[parked.channel()];
  share.numbers.insert(number);
  share.bytes += bytes;
  by_time_.emplace(parked.until, number);
  pulls_.emplace(number, std::move(parked));
  if (by_time_.begin()->second == number) sooner_.notify_one();
  return number;
}

bool PullRequestHold::has_room(const Parked& parked) const {
  const auto share = of_channel_.find(parked.channel());
  const size_t held = share == of_channel_.end() ? 0 : share->second.bytes;
  return held + parked.bytes <= kMostBytesOfChannel && bytes_ + parked.bytes <= kMostBytes;
}

ParkedPull PullRequestHold::take(uint64_t number) {
  const auto found = pulls_.find(number);
  Parked& parked = found->second;
  by_time_.erase({parked.until, number});
  const auto share = of_channel_.find(parked.channel());
  share->second.numbers.erase(number);
  share->second.bytes -= parked.bytes;
  if (share->second.numbers.empty()) of_channel_.erase(share);
  const auto waiting = of_queue_.find(parked.key);
  waiting->second.erase(number);
  if (waiting->second.empty()) of_queue_.erase(waiting);
  bytes_ -= parked.bytes;
  ParkedPull pull = std::move(parked.pull);
  pulls_.erase(found);
  count_.fetch_sub(1);
  return pull;
}

void PullRequestHold::release(uint64_t number) {
  ParkedPull pull;
  {
    MutexLock lock(mutex_);
    if (!pulls_.contains(number)) return;
    pull = take(number);
  }
  resume_(std::move(pull));
}

void PullRequestHold::arrived(const DispatchRequest& message) {
  if (count_.load() == 0) return;
  std::vector<ParkedPull> woken;
  {
    MutexLock lock(mutex_);
    const auto waiting = of_queue_.find({std::string(message.topic), message.queue_id.value()});
    if (waiting == of_queue_.end()) return;
    const std::vector<uint64_t> numbers(waiting->second.begin(), waiting->second.end());
    for (const uint64_t number : numbers) {
      const ParkedPull& pull = pulls_.at(number).pull;
      const bool wanted = message.queue_offset.value() >= pull.offset &&
                          pull.subscription.accepts_code(message.tags_code) &&
                          pull.subscription.accepts_properties(message.properties);
      if (wanted) woken.push_back(take(number));
    }
  }
  for (ParkedPull& pull : woken) {
    pull.at_once = woken.size() <= kFew;
    resume_(std::move(pull));
  }
}

void PullRequestHold::remove_channel(uint64_t channel_id) {
  std::vector<ParkedPull> gone;  // let go of without the lock
  MutexLock lock(mutex_);
  const auto found = of_channel_.find(channel_id);
  if (found == of_channel_.end()) return;
  const std::vector<uint64_t> numbers(found->second.numbers.begin(), found->second.numbers.end());
  for (const uint64_t number : numbers) gone.push_back(take(number));
}

void PullRequestHold::release_all() {
  std::vector<ParkedPull> all;
  {
    MutexLock lock(mutex_);
    while (!pulls_.empty()) all.push_back(take(pulls_.begin()->first));
  }
  for (ParkedPull& pull : all) resume_(std::move(pull));
}

std::vector<ParkedPull> PullRequestHold::take_due() {
  std::vector<ParkedPull> due;
  const Clock::Steady now = clock_.steady_now();
  while (!by_time_.empty() && by_time_.begin()->first <= now) due.push_back(take(by_time_.begin()->second));
  return due;
}

void PullRequestHold::release_due() {
  std::vector<ParkedPull> due;
  {
    MutexLock lock(mutex_);
    due = take_due();
  }
  for (ParkedPull& pull : due) resume_(std::move(pull));
}

void PullRequestHold::run() {
  while (true) {
    std::vector<ParkedPull> due;
    {
      MutexLock lock(mutex_);
      while (!stopping_ && (due = take_due()).empty()) {
        if (by_time_.empty()) {
          sooner_.wait(mutex_);
        } else {
          sooner_.wait_for(mutex_, by_time_.begin()->first - clock_.steady_now());
        }
      }
      if (stopping_) return;
    }
    for (ParkedPull& pull : due) resume_(std::move(pull));
  }
}

}  // namespace mqctl
