// What a start makes of queues and index that do not fit the log, or are gone.
#include "tests/unit/store/recovery_support.h"

using namespace mqctl;
using namespace mqctl::test;

namespace {

constexpr QueueId kQueue(0);

// A store of three queues that was killed while its checkpoint vouched for the first 60 of 100 messages of each.
void kill_with_checkpoint_behind(TestStore& store) {
  for (int i = 0; i < 100; ++i) {
    if (i == 60) store.clock().advance_ms(60000);
    if (i == 80) store.reopen();
    for (const auto& [topic, queue] : {std::pair("T", 0), std::pair("U", 0), std::pair("U", 7)}) {
      store.put("m" + std::to_string(i), topic, queue);
    }
  }
  store.kill();
}

}  // namespace

TEST_CASE("After a crash units that were lost are made again", "[recovery]") {
  TestStore store;
  put_three_queues(store, 100);
  store.kill();
  const std::string whole = store.path("consumequeue/U/0");
  std::filesystem::remove_all(whole);
  overwrite(store.path("consumequeue/T/0/" + offset_file_name(800)), 0, std::vector<std::byte>(400));
  store.open();
  CHECK(store->recovery().after_crash);
  CHECK(store->recovery().records_dispatched == 300);
  check_three_queues(store, 100);
}

TEST_CASE("After a crash units that a checkpoint vouches for in error are made again, too", "[recovery]") {
  TestStore store;
  put_three_queues(store, 100);
  store.clock().advance_ms(60000);
  store.reopen();
  store.kill();
  overwrite(store.path("consumequeue/T/0/" + offset_file_name(400)), 0, std::vector<std::byte>(400));
  for (int64_t base = 800; base < 2000; base += 400) {
    std::filesystem::remove(store.path("consumequeue/T/0/" + offset_file_name(base)));
  }
  store.open();
  check_three_queues(store, 100);
}

TEST_CASE("A missing consumequeue folder is made again, after a crash and after a clean stop", "[recovery]") {
  for (const bool crash : {false, true}) {
    INFO("crash " << crash);
    TestStore store;
    put_three_queues(store, 100);
    if (crash) {
      store.kill();
    } else {
      store.close();
    }
    std::filesystem::remove_all(store.path("consumequeue"));
    store.open();
    CHECK(store->recovery().records_dispatched == 300);
    check_three_queues(store, 100);
    CHECK(store.put("m100", "U", 7).queue_offset == QueueOffset(100));
  }
}

TEST_CASE("A store of many more than ten segments is rebuilt from its beginning", "[recovery]") {
  TestStore store;
  const std::string body(900, 'x');
  for (int i = 0; i < 100; ++i) store.put(body);
  store.kill();
  CHECK(tree_of(store.path("commitlog")).size() >= 25);
  std::filesystem::remove_all(store.path("consumequeue"));
  std::filesystem::remove(store.path("checkpoint"));
  store.open();
  CHECK(store->recovery().scanned_from == PhysicalOffset(0));
  CHECK(store->recovery().records_scanned == 100);
  CHECK(store->min_queue_offset("T", kQueue) == QueueOffset(0));
  CHECK(store->max_queue_offset("T", kQueue) == QueueOffset(100));
  CHECK(store.bodies() == std::vector<std::string>(100, body));
}

TEST_CASE("Queues that are all gone are made again from the beginning, whatever the checkpoint says", "[recovery]") {
  TestStore store;
  kill_with_checkpoint_behind(store);
  std::filesystem::remove_all(store.path("consumequeue"));
  store.open();
  CHECK(store->recovery().records_dispatched == 300);
  check_three_queues(store, 100);
}

TEST_CASE("After a crash the index is made again where it is gone", "[recovery]") {
  StoreOptions options = small_options();
  options.index = true;
  TestStore store(options);
  std::vector<PhysicalOffset> at;
  for (int i = 0; i < 60; ++i) at.push_back(store.put("m", "T", 0, "KEYS\x01k" + std::to_string(i) + "\x02").offset);
  store.kill();
  std::filesystem::remove_all(store.path("index"));
  store.open();
  for (size_t i = 0; i < at.size(); ++i) {
    const auto found = store->query_message("T", "k" + std::to_string(i), 10, EpochMs(0), EpochMs(INT64_MAX));
    REQUIRE(found.has_value());
    CHECK(*found == std::vector{at[i]});
  }
}

TEST_CASE("After a clean stop a key index that contradicts itself is made again, and the queues stay", "[recovery]") {
  StoreOptions options = small_options();
  options.index = true;
  TestStore store(options);
  for (int i = 0; i < 100; ++i)
    store.put("m" + std::to_string(i), "T", 0,
              "KEYS\x01"
              "k\x02");
  store.close();
  const auto file = std::filesystem::directory_iterator(store.path("index"))->path();
  overwrite(file.string(), 36, {std::byte{0x40}});
  store.open();
  CHECK(store->recovery().scanned_from == PhysicalOffset(0));
  CHECK(store->recovery().notes.size() == 1);
  CHECK(store->query_message("T", "k", 1000, EpochMs(0), EpochMs(INT64_MAX))->size() == 100);
  CHECK(store.bodies() == numbered(0, 100));
}

TEST_CASE("Damage before what the checkpoint vouches for ends nothing where only the index is made again",
          "[recovery]") {
  StoreOptions options = small_options();
  options.index = true;
  TestStore store(options);
  kill_with_checkpoint_behind(store);
  std::filesystem::remove_all(store.path("index"));
  overwrite(store.path("commitlog/" + offset_file_name(0)), 4, {std::byte{0xFF}});
  store.open();
  CHECK(store->recovery().scanned_from == PhysicalOffset(0));
  CHECK(store->max_queue_offset("U", QueueId(7)) == QueueOffset(100));
  CHECK(store->max_queue_offset("T", kQueue) == QueueOffset(100));
}

TEST_CASE("Golden stores: opened, written to, stopped, opened again", "[recovery][golden]") {
  for (const char* set : kGoldenSets) {
    INFO(set);
    const GoldenStore golden(set);
    StoreOptions options;
    options.root = golden.root();
    TestStore store(options);
    CHECK(store->recovery().after_crash == (std::string_view(set) == "apache-5.3.3-kill9"));
    CHECK(store->max_offset() == PhysicalOffset(golden.end()));
    CHECK(store.put("m0", "added-later", 5).queue_offset == QueueOffset(0));
    store.reopen();
    CHECK_FALSE(store->recovery().after_crash);
    CHECK(store.bodies("added-later", 5) == numbered(0, 1));
  }
}

TEST_CASE("Golden stores: killed, without queues, they are what they were", "[recovery][golden]") {
  for (const char* set : {"tiny-5.5.0", "apache-5.5.0-ipv6-v2"}) {
    INFO(set);
    const GoldenStore golden(set);
    golden.remove("consumequeue");
    golden.remove("checkpoint");
    golden.create("abort", "1");
    StoreOptions options;
    options.root = golden.root();
    TestStore store(options);
    size_t wrong = 0;
    for (const GoldenRecord& record : golden.records()) {
      if (record.blank) continue;
      const ConsumeQueue* queue = store->consume_queues().find(record.topic, QueueId(record.queue));
      const auto unit = queue == nullptr ? std::nullopt : queue->unit(QueueOffset(record.queue_offset));
      if (!unit || unit->physical_offset.value() != record.offset || unit->size != record.size) ++wrong;
    }
    CHECK(wrong == 0);
  }
}
