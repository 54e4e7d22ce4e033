// DefaultMessageStore::checkpoint(): a start after a crash reads what came later, and no more.
#include "tests/unit/store/store_support.h"
#include "tests/unit/support/hooked_file_system.h"

using namespace mqctl;
using namespace mqctl::test;

namespace {

StoreOptions indexed_options() {
  StoreOptions options = small_options();
  options.index = true;
  options.index_geometry = {100, 400};
  return options;
}

void put_with_keys(TestStore& store, int from, int to) {
  for (int i = from; i < to; ++i) store.put("m" + std::to_string(i), "T", 0, "KEYS\1k" + std::to_string(i) + "\2");
}

int with_key(TestStore& store, int number) {
  const auto found = store->query_message("T", "k" + std::to_string(number), 10, EpochMs(0), EpochMs(INT64_MAX));
  return static_cast<int>(found.value().size());
}

}  // namespace

TEST_CASE("After a crash a start reads the log from its last checkpoint on, and has all units and keys") {
  TestStore store(indexed_options());
  put_with_keys(store, 0, 100);
  store.clock().advance_ms(60000);
  put_with_keys(store, 100, 200);
  store.settle();
  REQUIRE(text_of(store->checkpoint()) == "ok");
  const PhysicalOffset kept = store->max_offset();
  put_with_keys(store, 200, 230);
  store.kill();
  store.open();
  const RecoveryReport& report = store->recovery();
  CHECK(report.after_crash);
  CHECK(report.scanned_from > PhysicalOffset(0));
  CHECK(report.scanned_from <= kept);
  CHECK(report.records_scanned < 160);
  CHECK(report.records_dispatched < 160);
  CHECK(store.bodies() == numbered(0, 230));
  for (int i = 0; i < 230; ++i) CHECK(with_key(store, i) == 1);
}

TEST_CASE("A checkpoint of a log that was cut off says nothing of what comes in its place") {
  TestStore store;
  const std::vector<PutMessageResult> old = put_numbered(store, 0, 100);
  store.close();
  // Cut off from record 20 on, and then the clock goes back.
  store.options().on_damage = OnDamage::kTruncate;
  write_file(store.path("abort"), {});
  overwrite(store.segment_path(old[20].offset), static_cast<uint64_t>(old[20].offset.value()) % kSmallSegment,
            std::vector<std::byte>(60));
  store.open();
  REQUIRE(store->max_offset() == old[20].offset);
  if (GENERATE(false, true)) REQUIRE(text_of(store->checkpoint()) == "ok");
  store.clock().advance_ms(-100000);
  put_numbered(store, 0, 60, "U");
  put_numbered(store, 20, 60);
  store.kill();
  // The power took the last units of a queue that nothing came for later.
  overwrite(store.path("consumequeue/U/0/" + offset_file_name(40 * 20)), 0, std::vector<std::byte>(400));
  store.open();
  CHECK(store.bodies("U") == numbered(0, 60));
  CHECK(store.bodies() == numbered(0, 60));
}

TEST_CASE("The first checkpoint after a recovery says nothing that is not so") {
  TestStore store(indexed_options());
  put_with_keys(store, 0, 100);
  store.kill();
  store.open();
  REQUIRE(text_of(store->checkpoint()) == "ok");
  store.kill();
  std::filesystem::remove_all(store.path("consumequeue"));  // so that units come from the log alone
  store.open();
  CHECK(store.bodies() == numbered(0, 100));
  for (int i = 0; i < 100; ++i) CHECK(with_key(store, i) == 1);
}

TEST_CASE("A checkpoint touches the disk where something was dispatched since, and not otherwise") {
  std::atomic<int> calls{0};
  HookedFileSystem disk(posix_file_system(), [&](Operation, const std::string&) {
    ++calls;
    return Status();
  });
  StoreOptions options = indexed_options();
  options.background = Background::kSteps;
  TestStore store(options, &disk);
  put_with_keys(store, 0, 10);
  store.settle();
  const auto calls_of_a_checkpoint = [&] {
    const int before = calls.load();
    REQUIRE(text_of(store->checkpoint()) == "ok");
    return calls.load() - before;
  };
  CHECK(calls_of_a_checkpoint() > 0);
  CHECK(calls_of_a_checkpoint() == 0);
  put_with_keys(store, 10, 11);
  store->step(DefaultMessageStore::Service::kReput);
  CHECK(calls_of_a_checkpoint() > 0);
  CHECK(calls_of_a_checkpoint() == 0);
}

TEST_CASE("A checkpoint that failed is tried again, and what an earlier one said stays true") {
  std::atomic<bool> broken{false};
  std::string victim;
  HookedFileSystem disk(posix_file_system(), [&](Operation operation, const std::string& path) {
    const bool fails = broken.load() && operation != Operation::kCreate && path.ends_with(victim);
    return fails ? Status::error(Errc::kIoError, "broken, says the test") : Status();
  });
  StoreOptions options = indexed_options();
  options.background = Background::kSteps;
  TestStore store(options, &disk);
  put_with_keys(store, 0, 50);
  store.settle();
  REQUIRE(text_of(store->checkpoint()) == "ok");
  put_with_keys(store, 50, 100);
  store.settle();
  victim = GENERATE(as<std::string>(), "/checkpoint", "/index.checkpoint");
  broken.store(true);
  CHECK(store->checkpoint().code() == Errc::kIoError);
  broken.store(false);
  SECTION("again") { CHECK(text_of(store->checkpoint()) == "ok"); }
  store.kill();
  store.open();
  CHECK(store.bodies() == numbered(0, 100));
  for (int i = 0; i < 100; ++i) CHECK(with_key(store, i) == 1);
}
