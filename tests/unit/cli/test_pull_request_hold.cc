// Parked pulls: woken by what they wait for, by their time, in its order, and let go of with their client.
#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <thread>

#include "cli/broker/pull_request_hold.h"
#include "libstore/base/java_hash.h"

namespace mqctl {
namespace {

using namespace std::chrono_literals;

class SilentChannel final : public Channel {
 public:
  explicit SilentChannel(uint64_t id) : id_(id) {}
  uint64_t id() const override { return id_; }
  const HostAddress& remote() const override { return host_; }
  const HostAddress& local() const override { return host_; }
  bool open() const override { return true; }
  void close() override {}
  void respond(int32_t, SerializeType, Response) override {}
  void send_oneway(RemotingCommand) override {}
  void request(RemotingCommand, std::chrono::milliseconds, Answered) override {}

 private:
  const uint64_t id_;
  const HostAddress host_;
};

// A hold that notes the opaque of each pull that was resumed.
class Held {
 public:
  explicit Held(const Clock& clock = system_clock()) : hold_(clock) {
    hold_.on_resume([this](ParkedPull pull) {
      MutexLock lock(mutex_);
      resumed_.push_back(pull.request->command.opaque);
    });
  }
  PullRequestHold& operator*() { return hold_; }
  PullRequestHold* operator->() { return &hold_; }

  uint64_t park(int32_t opaque, std::chrono::milliseconds limit, std::string_view tags = "*", uint64_t channel = 1,
                int64_t offset = 0) {
    const std::optional<uint64_t> number = park_frame(opaque, limit, tags, channel, offset, 0);
    REQUIRE(number.has_value());
    return *number;
  }
  std::optional<uint64_t> park_frame(int32_t opaque, std::chrono::milliseconds limit, std::string_view tags,
                                     uint64_t channel, int64_t offset, size_t bytes) {
    auto request = std::make_shared<Request>();
    request->command.storage_bytes = bytes;
    request->command.opaque = opaque;
    request->channel = std::make_shared<SilentChannel>(channel);
    Result<SubscriptionData> subscription = make_subscription("T", tags, "TAG");
    REQUIRE(subscription.has_value());
    return hold_.park("T", 0, {request, offset, *subscription}, limit);
  }
  std::vector<int32_t> resumed() {
    MutexLock lock(mutex_);
    return resumed_;
  }
  // Waits for so many.
  std::vector<int32_t> resumed(size_t count) {
    const auto end = std::chrono::steady_clock::now() + 20s;
    while (resumed().size() < count && std::chrono::steady_clock::now() < end) std::this_thread::sleep_for(1ms);
    return resumed();
  }

 private:
  PullRequestHold hold_;
  Mutex mutex_;
  std::vector<int32_t> resumed_ GUARDED_BY(mutex_);
};

DispatchRequest message(std::string_view topic, int32_t queue, int64_t offset, std::string_view tags = {}) {
  DispatchRequest request;
  request.topic = topic;
  request.queue_id = QueueId(queue);
  request.queue_offset = QueueOffset(offset);
  if (!tags.empty()) request.tags_code = java_string_hash(tags);
  return request;
}

}  // namespace

TEST_CASE("pulls are answered when their time is over") {
  Held held;
  held->start();
  SECTION("the first of all") {
    held.park(1, 20ms);
    CHECK(held.resumed(1) == std::vector{1});
  }
  SECTION("one that has no time at all") {
    held.park(1, 0ms);
    CHECK(held.resumed(1) == std::vector{1});
  }
  held->stop();
}

TEST_CASE("pulls are answered when their time is over, the soonest first") {
  ManualClock clock(EpochMs(0));
  Held held(clock);
  held->start();
  held.park(1, 1h);
  held.park(2, 60ms);
  held.park(3, 30ms);
  clock.advance_ms(30);
  CHECK(held.resumed(1) == std::vector{3});
  clock.advance_ms(30);
  CHECK(held.resumed(2) == std::vector{3, 2});
  CHECK(held->parked() == 1);
  held->stop();
}

TEST_CASE("a message wakes who waits for it") {
  Held held;
  held.park(1, 1h, "*");
  held.park(2, 1h, "TagA || TagB");
  held.park(3, 1h, "TagC");
  held.park(4, 1h, "*", 1, 8);  // it has seen the first eight
  held->arrived(message("T", 1, 5, "TagA"));
  held->arrived(message("U", 0, 5, "TagA"));
  CHECK(held.resumed().empty());
  held->arrived(message("T", 0, 5, "TagA"));
  CHECK(held.resumed() == std::vector{1, 2});
  held->arrived(message("T", 0, 8, "TagA"));
  CHECK(held.resumed() == std::vector{1, 2, 4});
  held->arrived(message("T", 0, 9, "TagC"));
  CHECK(held.resumed() == std::vector{1, 2, 4, 3});
  CHECK(held->parked() == 0);
}

TEST_CASE("what was answered is not answered again") {
  Held held;
  held->start();
  const uint64_t number = held.park(1, 30ms);
  held->release(number);
  held->release(number);
  held->release(number + 100);
  held->arrived(message("T", 0, 0));
  held.park(2, 60ms);  // past the time of the first
  CHECK(held.resumed(2) == std::vector{1, 2});
}

TEST_CASE("with a client go its pulls, and nobody else's") {
  Held held;
  for (int i = 0; i < 10; ++i) held.park(i, 1h, "*", i % 2 == 0 ? 7 : 8);
  held->remove_channel(7);
  held->remove_channel(7);
  held->remove_channel(99);
  CHECK(held->parked() == 5);
  held->release_all();
  CHECK(held.resumed().size() == 5);
  for (const int32_t opaque : held.resumed()) CHECK(opaque % 2 == 1);
  CHECK(held->parked() == 0);
}

TEST_CASE("pulls that hold too much are not parked: of one connection, and in all") {
  Held held;
  constexpr size_t kFrame = (1u << 20) - 1024;  // a MiB with what is kept beside it
  const auto park = [&](uint64_t channel, size_t bytes) {
    return held.park_frame(1, 1h, "*", channel, 0, bytes).has_value();
  };
  constexpr size_t kOfChannel = PullRequestHold::kMostBytesOfChannel >> 20, kOfAll = PullRequestHold::kMostBytes >> 20;
  for (size_t i = 0; i < kOfChannel; ++i) CHECK(park(1, kFrame));
  CHECK_FALSE(park(1, 0));
  CHECK(park(2, 0));
  held->remove_channel(2);
  for (size_t i = kOfChannel; i < kOfAll; ++i) CHECK(park(2 + i / kOfChannel, kFrame));
  CHECK_FALSE(park(99, 0));
  CHECK(held->parked() == kOfAll);
  held->remove_channel(1);
  CHECK(park(99, kFrame));
  CHECK(park(1, kFrame));
  held->release_all();
  CHECK(park(1, kFrame));
}

TEST_CASE("it ends with pulls parked, with none, and without having begun") {
  Held parked, empty, never;
  parked->start();
  parked.park(1, 1h);
  empty->start();
  parked->stop();
  empty->stop();
  never->stop();
  CHECK(parked.resumed().empty());
  parked->release_all();
  CHECK(parked.resumed() == std::vector{1});
}

}  // namespace mqctl
