// Queues of a deleted topic: gone for readers and on disk, others untouched, also beside writers; and what comes after.
#include <atomic>
#include <thread>

#include "tests/unit/store/store_support.h"
#include "tests/unit/support/hooked_file_system.h"

using namespace mqctl;
using namespace mqctl::test;

namespace {

int deleted(TestStore& store, std::string_view topic) {
  const Result<int> count = store->delete_queues([topic](std::string_view each) { return each == topic; });
  REQUIRE(count.has_value());
  return *count;
}

}  // namespace

TEST_CASE("the queues of one topic go, those of others stay", "[delete]") {
  TestStore store;
  put_numbered(store, 0, 30, "gone", 0);
  put_numbered(store, 0, 5, "gone", 3);
  put_numbered(store, 0, 30, "kept");
  CHECK(deleted(store, "gone") == 2);
  CHECK(store.bodies("gone", 0).empty());
  CHECK(store.bodies("gone", 3).empty());
  CHECK(store.bodies("kept") == numbered(0, 30));
  CHECK(deleted(store, "gone") == 0);
  CHECK(deleted(store, "never there") == 0);
  store.reopen();
  CHECK(store.bodies("gone", 0).empty());
  CHECK(store.bodies("kept") == numbered(0, 30));
}

TEST_CASE("a topic that is made again has only what came after", "[delete]") {
  TestStore store;
  put_numbered(store, 0, 25, "again");
  REQUIRE(deleted(store, "again") == 1);
  put_numbered(store, 25, 60, "again");
  store.settle();
  CHECK(store.bodies("again") == numbered(25, 60));
  store.reopen();
  CHECK(store.bodies("again") == numbered(25, 60));
  put_numbered(store, 60, 61, "again");
  store.settle();
  CHECK(store.bodies("again") == numbered(25, 61));
}

TEST_CASE("a queue goes on with its offsets, also one that got nothing since the start", "[delete]") {
  TestStore store;
  put_numbered(store, 0, 25, "again");
  store.reopen();
  REQUIRE(deleted(store, "again") == 1);
  put_numbered(store, 25, 27, "again");
  store.settle();
  CHECK(store->min_queue_offset("again", QueueId(0)) == QueueOffset(25));
  CHECK(store.bodies("again") == numbered(25, 27));
}

TEST_CASE("a deletion that failed half way is finished by the next", "[delete]") {
  UnsyncedFileSystem unsynced(posix_file_system());
  std::atomic<bool> refuses = false;
  HookedFileSystem hooked(unsynced, [&](Operation operation, const std::string&) {
    const bool refused = refuses && operation == Operation::kRemove;
    return refused ? Status::error(Errc::kIoError, "it stays") : Status();
  });
  TestStore store(small_options(), &hooked);
  put_numbered(store, 0, 25, "gone");
  put_numbered(store, 0, 1, "kept");  // what is behind all that queues have, the next start dispatches
  refuses = true;
  CHECK_FALSE(store->delete_queues([](std::string_view topic) { return topic == "gone"; }).has_value());
  refuses = false;
  CHECK(deleted(store, "gone") == 0);
  store.reopen();
  CHECK(store.bodies("gone").empty());
}

TEST_CASE("it may be deleted while others write", "[delete]") {
  TestStore store;
  std::atomic<bool> stop{false};
  int written = 0;
  std::thread writer([&] {
    while (!stop || written < 200) {
      const std::string body = "m" + std::to_string(written);
      if (store->put_message(draft_of(body, "kept", 0, {})).status == PutMessageStatus::kPutOk) ++written;
    }
  });
  for (int i = 0; i < 20; ++i) {
    put_numbered(store, 0, 10, "gone");
    CHECK(deleted(store, "gone") == 1);
    CHECK(store.bodies("gone").empty());
  }
  stop = true;
  writer.join();
  store.settle();
  CHECK(store.bodies("kept") == numbered(0, written));
}

TEST_CASE("not after the end", "[delete]") {
  TestStore store;
  put_numbered(store, 0, 3, "gone");
  REQUIRE(text_of(store->shutdown()) == "ok");
  CHECK_FALSE(store->delete_queues([](std::string_view) { return true; }).has_value());
}
