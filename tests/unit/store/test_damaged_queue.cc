// Units of a queue that were damaged at rest: where no later message would tell of the gap, a start must see it.
#include <atomic>
#include <filesystem>

#include "tests/unit/store/store_support.h"
#include "tests/unit/support/hooked_file_system.h"

using namespace mqctl;
using namespace mqctl::test;

namespace {

constexpr size_t kUnit = ConsumeQueueUnit::kEncodedBytes;

// Of T's second file: units 20 to 39.
void overwrite_unit(TestStore& store, size_t number, size_t at, std::byte value, size_t bytes) {
  overwrite(store.path("consumequeue/T/0/" + offset_file_name(400)), (number - 20) * kUnit + at,
            std::vector<std::byte>(bytes, value));
}

// T ends in the middle of the log; what comes behind it is another queue's.
void fill(TestStore& store) {
  put_numbered(store, 0, 30);
  put_numbered(store, 0, 50, "U");
}

struct Damage {
  const char* what;
  size_t unit, at;
  std::byte value;
  size_t bytes;
};

const Damage kDamages[] = {
    {"no unit in the middle", 25, 0, std::byte{0}, kUnit},
    {"no unit at a file's beginning", 20, 0, std::byte{0}, kUnit},
    {"a size below zero", 25, ConsumeQueueUnit::kSizeAt, std::byte{0x80}, 1},
    {"the last one's size below zero", 29, ConsumeQueueUnit::kSizeAt, std::byte{0x80}, 1},
    {"the last one's place behind the log", 29, ConsumeQueueUnit::kPhysicalOffsetAt, std::byte{0x01}, 1},
    {"the last but one's place behind the log", 28, ConsumeQueueUnit::kPhysicalOffsetAt, std::byte{0x01}, 1},
    {"the last but one's place behind the last one's", 28, ConsumeQueueUnit::kPhysicalOffsetAt + 6, std::byte{0x7F}, 1},
};

}  // namespace

TEST_CASE("After a clean stop damaged units at a queue's end are put again", "[recovery]") {
  for (const Damage& damage : kDamages) {
    INFO(damage.what);
    TestStore store;
    fill(store);
    store.close();
    overwrite_unit(store, damage.unit, damage.at, damage.value, damage.bytes);
    store.open();
    CHECK(store.bodies() == numbered(0, 30));
    CHECK(store->recovery().notes.size() == 1);
    put_numbered(store, 30, 31);
    store.reopen();
    CHECK(store.bodies() == numbered(0, 31));
    CHECK(store.bodies("U") == numbered(0, 50));
    CHECK(store->recovery().notes.empty());
  }
}

TEST_CASE("After a crash they are put again where the checkpoint vouches for what is behind them", "[recovery]") {
  TestStore store;
  fill(store);
  store.clock().advance_ms(100000);
  put_numbered(store, 50, 51, "U");
  store.reopen();
  put_numbered(store, 51, 100, "U");
  store.kill();
  overwrite_unit(store, 25, 0, std::byte{0}, kUnit);
  store.open();
  CHECK(store.bodies() == numbered(0, 30));
  CHECK(store.bodies("U") == numbered(0, 100));
}

namespace {

// T's messages are behind the checkpoint, but for the last two; the log goes on in other segments.
void fill_behind_checkpoint(TestStore& store) {
  fill(store);
  store.clock().advance_ms(100000);
  put_numbered(store, 50, 100, "U");
  store.settle();
  REQUIRE(text_of(store->checkpoint()) == "ok");
  put_numbered(store, 100, 103, "U");
}

std::string queue_directory(TestStore& store) { return store.path("consumequeue/T/0"); }

}  // namespace

TEST_CASE("A queue that lost all its units behind a checkpoint is completed from the log's beginning", "[recovery]") {
  const bool cut_to_nothing = GENERATE(true, false);
  TestStore store;
  fill_behind_checkpoint(store);
  put_numbered(store, 30, 32);
  store.kill();
  std::filesystem::remove_all(queue_directory(store));
  if (cut_to_nothing) write_file(queue_directory(store) + "/" + offset_file_name(400), {});
  store.open();
  REQUIRE(store->recovery().scanned_from > PhysicalOffset(0));
  CHECK(store->recovery().notes.size() == 1);
  CHECK(store.bodies() == numbered(0, 32));
  CHECK(store.bodies("U") == numbered(0, 103));
  CHECK(store->min_queue_offset("T", QueueId(0)) == QueueOffset(0));
  store.kill();
  store.open();
  CHECK(store.bodies() == numbered(0, 32));
}

TEST_CASE("Completing a queue keeps the new life of a topic that was deleted and made again", "[recovery]") {
  TestStore store;
  put_numbered(store, 0, 5, "V");
  store.put("what a clean start goes on from", "W");
  store.settle();
  REQUIRE(store->delete_queues([](std::string_view topic) { return topic == "V"; }).value() == 1);
  store.reopen();
  put_numbered(store, 10, 12, "V");
  fill_behind_checkpoint(store);
  put_numbered(store, 30, 32);
  store.kill();
  std::filesystem::remove_all(queue_directory(store));
  store.open();
  CHECK(store.bodies() == numbered(0, 32));
  CHECK(store.bodies("V") == numbered(10, 12));
}

TEST_CASE("After a clean stop no more of a deleted topic comes back than lies behind the last unit", "[recovery]") {
  TestStore store;
  put_numbered(store, 0, 5, "V");
  store.put("what a clean start goes on from", "W");
  put_numbered(store, 5, 8, "V");
  store.settle();
  REQUIRE(store->delete_queues([](std::string_view topic) { return topic == "V"; }).value() == 1);
  store.reopen();
  CHECK(store->recovery().notes.empty());
  CHECK(store.bodies("V") == numbered(5, 8));
}

TEST_CASE("Where completing does not do, all queues are made again from the log's beginning", "[recovery]") {
  TestStore store;
  fill_behind_checkpoint(store);
  put_numbered(store, 30, 32);
  store.kill();
  // Nothing behind unit 25, which says that it is of a later record: those between are taken for known.
  const std::string file = queue_directory(store) + "/" + offset_file_name(400);
  const std::vector<std::byte> before = read_file(file);
  const ConsumeQueueUnit last = ConsumeQueueUnit::load(before.data() + 9 * kUnit);
  ConsumeQueueUnit early = ConsumeQueueUnit::load(before.data() + 5 * kUnit);
  early.physical_offset = last.physical_offset;
  std::vector<std::byte> unit(kUnit);
  early.store(unit.data());
  overwrite(file, 5 * kUnit, unit);
  overwrite_unit(store, 26, 0, std::byte{0}, 14 * kUnit);
  store.open();
  CHECK(store->recovery().notes.size() == 2);
  CHECK(store.bodies() == numbered(0, 32));
  CHECK(store.bodies("U") == numbered(0, 103));
}

TEST_CASE("A start that dies after it has cut a damaged queue leaves that to the next", "[recovery]") {
  for (int calls = 0;; ++calls) {
    INFO(calls);
    UnsyncedFileSystem unsynced(posix_file_system());
    std::atomic<int> left = INT32_MAX;
    HookedFileSystem hooked(unsynced, [&](Operation, const std::string&) {
      return left-- > 0 ? Status() : Status::error(Errc::kIoError, "it fails");
    });
    TestStore store(small_options(), &hooked);
    fill(store);
    store.close();
    overwrite_unit(store, 25, 0, std::byte{0}, kUnit);
    left = calls;
    const bool opened = store.try_open().ok();
    left = INT32_MAX;
    if (opened) {
      CHECK(calls > 10);
      break;
    }
    store.open();
    CHECK(store.bodies() == numbered(0, 30));
  }
}

TEST_CASE("A unit that names too early a place hides none of those before it", "[recovery]") {
  TestStore store;
  put_numbered(store, 0, 200);
  store.settle();
  REQUIRE(store->delete_expired_segments(EpochMs(INT64_MAX), 1).value() == 1);
  const std::vector<std::string> all = store.bodies();
  const QueueOffset min = store->min_queue_offset("T", QueueId(0));
  store.close();
  // The middle of the queue, where a search looks first.
  const size_t middle = (static_cast<size_t>(min.value()) + 200) / 2;
  for (size_t number = middle - 2; number <= middle + 2; ++number) {
    INFO(number);
    const std::string file =
        store.path("consumequeue/T/0/" + offset_file_name(static_cast<int64_t>(number / 20 * 400)));
    const std::vector<std::byte> before = read_file(file);
    overwrite(file, number % 20 * kUnit, std::vector<std::byte>(8));
    store.open();
    CHECK(store->min_queue_offset("T", QueueId(0)) == min);
    store.close();
    write_file(file, before);
  }
}
