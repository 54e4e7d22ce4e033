// Puts whose dispatch their own thread does: in the queues when it has, in order, also beside others at the same.
#include <atomic>
#include <thread>

#include "tests/unit/store/store_support.h"

using namespace mqctl;
using namespace mqctl::test;

namespace {

constexpr std::chrono::minutes kPatience{1};

bool get_sees(TestStore& store, int queue, int64_t count) {
  return store->max_queue_offset("T", QueueId(queue)) == QueueOffset(count);
}

}  // namespace

TEST_CASE("what a thread deferred is in its queue when it has dispatched", "[dispatch]") {
  TestStore store;
  for (int round = 0; round < 50; ++round) {
    store->defer_dispatch();
    put_numbered(store, round * 3, round * 3 + 3);
    store->dispatch_deferred();
    // Another may be at it for a moment: the store's own thread looks, too.
    store->await_dispatch(kPatience);
    REQUIRE(get_sees(store, 0, round * 3 + 3));
  }
  CHECK(store.bodies() == numbered(0, 150));
}

TEST_CASE("threads that dispatch for themselves leave nothing behind and nothing twice", "[dispatch]") {
  constexpr int kThreads = 4, kRounds = 60, kEach = 5;
  TestStore store;
  std::vector<std::thread> threads;
  std::atomic<int> failures{0};
  for (int queue = 0; queue < kThreads; ++queue) {
    threads.emplace_back([&, queue] {
      for (int round = 0; round < kRounds; ++round) {
        if (round % 7 != 6) store->defer_dispatch();  // some leave it to the store's thread
        for (int i = 0; i < kEach; ++i) {
          const std::string body = "m" + std::to_string(round * kEach + i);
          failures += store->put_message(draft_of(body, "T", queue)).status != PutMessageStatus::kPutOk;
        }
        if (round % 7 != 6) store->dispatch_deferred();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  REQUIRE(failures == 0);
  // Nobody puts any more: what somebody left to somebody else must come all the same.
  store->await_dispatch(kPatience);
  for (int queue = 0; queue < kThreads; ++queue) {
    CHECK(get_sees(store, queue, kRounds * kEach));
    CHECK(store.bodies("T", queue) == numbered(0, kRounds * kEach));
  }
}

TEST_CASE("with sync flush what is dispatched is on disk", "[dispatch]") {
  StoreOptions options = small_options();
  options.flush.mode = FlushMode::kSync;
  TestStore store(options);
  store->defer_dispatch();
  const PutMessageResult put = store.put("m0");
  store->dispatch_deferred();
  store->await_dispatch(kPatience);  // the store's own thread may be at it
  CHECK(store->commit_log().flushed_where() >= put.end);
  CHECK(store.bodies() == numbered(0, 1));
}
