// Executor: bounds, requests that wait too long, the end.
#include <atomic>
#include <catch2/catch.hpp>
#include <future>

#include "cli/remoting/executor.h"

namespace mqctl {
namespace {

using namespace std::chrono_literals;

Executor::Task run_only(std::function<void()> run) {
  return {std::move(run), [](Executor::Millis, size_t) { FAIL("it did not wait long"); }};
}

TEST_CASE("without threads the caller does it") {
  Executor executor("inline", {});
  std::thread::id ran_on;
  CHECK(executor.submit(run_only([&] { ran_on = std::this_thread::get_id(); })));
  CHECK(ran_on == std::this_thread::get_id());
}

TEST_CASE("a full queue refuses, and what was taken is done before the end") {
  Executor executor("small", {.threads = 1, .capacity = 2});
  std::promise<void> begun, go_on;
  std::atomic<int> done{0};
  CHECK(executor.submit(run_only([&] {
    begun.set_value();
    go_on.get_future().wait();
    ++done;
  })));
  begun.get_future().wait();
  CHECK(executor.submit(run_only([&] { ++done; })));
  CHECK(executor.submit(run_only([&] { ++done; })));
  CHECK(executor.queued() == 2);
  CHECK_FALSE(executor.submit(run_only([] { FAIL("refused"); })));
  go_on.set_value();
  executor.shutdown();
  CHECK(done == 3);
  CHECK_FALSE(executor.submit(run_only([] { FAIL("after the end"); })));
}

// Its one thread is busy until go_on().
struct Busy {
  explicit Busy(ExecutorOptions options) : executor("busy", options) {
    std::promise<void> begun;
    CHECK(executor.submit(run_only([&] {
      begun.set_value();
      released.get_future().wait();
    })));
    begun.get_future().wait();
  }
  void go_on() { released.set_value(); }
  std::promise<void> released;
  Executor executor;
};

TEST_CASE("a queue has a limit of bytes, which only the first may exceed") {
  Busy busy({.threads = 1, .capacity = 10, .capacity_bytes = 100});
  int done = 0;
  const auto submit = [&](size_t bytes) {
    return busy.executor.submit({[&] { ++done; }, [](Executor::Millis, size_t) {}, bytes});
  };
  CHECK(submit(60));
  CHECK_FALSE(submit(41));
  CHECK(submit(40));
  CHECK(submit(0));
  CHECK_FALSE(submit(1));
  busy.go_on();
  while (busy.executor.queued() > 0) std::this_thread::yield();
  CHECK(submit(101));
  busy.executor.shutdown();
  CHECK(done == 4);
}

TEST_CASE("what waits when the time for an end is over is answered in another way") {
  Busy busy({.threads = 1});
  int expired = 0;
  for (int i = 0; i < 3; ++i)
    CHECK(busy.executor.submit({[] { FAIL("too late"); }, [&](Executor::Millis, size_t) { ++expired; }}));
  busy.executor.stop(Executor::Clock::now());
  busy.go_on();
  busy.executor.shutdown();
  CHECK(expired == 3);
}

// Whether its one thread is busy now until the promise is kept: it may come too late to what is to keep it so.
bool occupy(Executor& executor, std::promise<void>& go_on) {
  std::promise<bool> begun;
  CHECK(executor.submit({[&] {
                           begun.set_value(true);
                           go_on.get_future().wait();
                         },
                         [&](Executor::Millis, size_t) { begun.set_value(false); }}));
  return begun.get_future().get();
}

TEST_CASE("what waited too long is answered in another way, at the latest by the next request") {
  Executor executor("slow", {.threads = 1, .capacity = 10, .longest_wait = 20ms});
  std::promise<void> go_on, expired;
  while (!occupy(executor, go_on)) {
  }
  Executor::Millis waited{0};
  CHECK(executor.submit({[] { FAIL("too late"); },
                         [&](Executor::Millis time, size_t) {
                           waited = time;
                           expired.set_value();
                         }}));
  while (executor.head_wait() <= 20ms) std::this_thread::yield();
  std::atomic<bool> third{false};
  CHECK(executor.submit({[&] { third = true; }, [&](Executor::Millis, size_t) { third = true; }}));
  CHECK(expired.get_future().wait_for(0s) == std::future_status::ready);  // though the thread is still busy
  CHECK(waited > 20ms);
  go_on.set_value();
  executor.shutdown();
  CHECK(third);
}

}  // namespace
}  // namespace mqctl
