#include <catch2/catch.hpp>
#include <chrono>
#include <thread>

#include "libstore/base/clock.h"

using namespace mqctl;

TEST_CASE("A clock turned by hand stands still until it is turned") {
  ManualClock clock(EpochMs(1000));
  CHECK(clock.now() == EpochMs(1000));
  CHECK(clock.now() == EpochMs(1000));
  clock.advance_ms(25);
  CHECK(clock.now() == EpochMs(1025));
  clock.advance_ms(-1025);
  CHECK(clock.now() == EpochMs(0));
  clock.set(EpochMs(7));
  CHECK(clock.now() == EpochMs(7));
}

TEST_CASE("Turned by several threads, it loses nothing") {
  ManualClock clock(EpochMs(0));
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int turn = 0; turn < 1000; ++turn) clock.advance_ms(1);
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(clock.now() == EpochMs(4000));
}

TEST_CASE("The machine's clock is the wall's, in milliseconds") {
  const auto wall = [] {
    return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch())
        .count();
  };
  const int64_t before = wall();
  const int64_t now = system_clock().now().value();
  CHECK(before <= now);
  CHECK(now <= wall());
  CHECK(&system_clock() == &system_clock());
}
