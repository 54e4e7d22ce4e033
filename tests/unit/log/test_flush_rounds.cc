// A crowd and its flusher: nobody returns before a round that began after he came has ended, nobody stays behind.
#include <atomic>
#include <catch2/catch.hpp>
#include <thread>
#include <vector>

#include "libstore/log/flush_rounds.h"

using namespace mqctl;

namespace {

FlushRounds::Deadline in(std::chrono::milliseconds time) { return std::chrono::steady_clock::now() + time; }

}  // namespace

TEST_CASE("who comes during a round waits for the next one", "[flush]") {
  FlushRounds rounds;
  const uint32_t first = rounds.next();
  CHECK(rounds.begin() == first);
  const uint32_t second = rounds.next();
  CHECK(second == first + 1);
  rounds.end(first);
  CHECK(rounds.wait(first, in(std::chrono::seconds(10))));
  CHECK_FALSE(rounds.wait(second, in(std::chrono::milliseconds(20))));
  CHECK(rounds.begin() == second);
  rounds.end(second);
  CHECK(rounds.wait(second, in(std::chrono::seconds(10))));
}

TEST_CASE("a crowd is woken, each when what he wrote was covered", "[flush][threads]") {
  constexpr int kWriters = 16, kEach = 200;
  FlushRounds rounds;
  std::atomic<int64_t> written{0}, covered{0};
  std::atomic<int> early{0}, late{0}, at_work{kWriters};
  std::vector<std::thread> writers;
  for (int i = 0; i < kWriters; ++i) {
    writers.emplace_back([&] {
      for (int n = 0; n < kEach; ++n) {
        const int64_t mine = written.fetch_add(1) + 1;
        if (!rounds.wait(rounds.next(), in(std::chrono::seconds(30)))) ++late;
        if (covered.load() < mine) ++early;
      }
      --at_work;
    });
  }
  while (at_work.load() > 0) {
    const uint32_t round = rounds.begin();
    const int64_t there = written.load();
    std::this_thread::yield();
    covered.store(there);
    rounds.end(round);
  }
  for (std::thread& writer : writers) writer.join();
  CHECK(early == 0);
  CHECK(late == 0);
  CHECK(covered == kWriters * kEach);
}

TEST_CASE("a round that ended long ago is over", "[flush]") {
  FlushRounds rounds;
  for (int i = 0; i < 1000; ++i) rounds.end(rounds.begin());
  CHECK(rounds.wait(1000, in(std::chrono::milliseconds(0))));
  CHECK_FALSE(rounds.wait(1001, in(std::chrono::milliseconds(0))));
}
