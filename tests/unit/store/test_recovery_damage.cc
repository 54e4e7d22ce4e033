// Opening a store again after damage that no crash makes: what is refused, what is cut, what is kept.
#include "tests/unit/store/recovery_support.h"

using namespace mqctl;
using namespace mqctl::test;

namespace {

constexpr QueueId kQueue(0);

void write_at(TestStore& store, PhysicalOffset record, size_t field, int64_t value) {
  std::vector<std::byte> bytes(8);
  store_be(bytes.data(), value);
  overwrite(store.segment_path(record), position_of(record) + field, bytes);
}

}  // namespace

TEST_CASE("Damage with sound records behind it is refused, and nothing of the log changed", "[recovery]") {
  TestStore store;
  const std::vector<PutMessageResult> puts = put_numbered(store, 0, 100);
  store.kill();
  flip_body(store, puts[50]);
  const Tree before = tree_of(store.path("commitlog"));
  const Status status = store.try_open();
  REQUIRE_FALSE(status.ok());
  CHECK(status.code() == Errc::kCorruption);
  CHECK(status.path() == store.segment_path(puts[50].offset));
  CHECK(status.position() == position_of(puts[50].offset));
  CHECK(status.message().find("49 sound messages follow") != std::string::npos);
  CHECK(tree_of(store.path("commitlog")) == before);
  CHECK(std::filesystem::exists(store.path("abort")));
}

TEST_CASE("Damage with sound records behind it is cut when asked for", "[recovery]") {
  TestStore store;
  const std::vector<PutMessageResult> puts = put_numbered(store, 0, 100);
  store.kill();
  flip_body(store, puts[50]);
  store.options().on_damage = OnDamage::kTruncate;
  store.open();
  CHECK(store->recovery().log_end == puts[50].offset);
  constexpr int kNoProperties = 2;  // the length of no properties is zeros, like what was never written
  CHECK(store->recovery().bytes_cut == static_cast<uint64_t>(puts[99].end - puts[50].offset - kNoProperties));
  CHECK(store->recovery().cut_reason.find("CRC") != std::string::npos);
  CHECK(store.bodies() == numbered(0, 50));
  put_numbered(store, 50, 120);
  store.reopen();
  CHECK(store.bodies() == numbered(0, 120));
}

TEST_CASE("Refused for damage, a store keeps its wrong places as well", "[recovery]") {
  TestStore store;
  const std::vector<PutMessageResult> puts = put_numbered(store, 0, 100);
  store.kill();
  write_at(store, puts[40].offset, RecordLayout::kPhysicalOffsetAt, 1);
  flip_body(store, puts[50]);
  const Tree before = tree_of(store.path("commitlog"));
  CHECK(store.try_open().code() == Errc::kCorruption);
  CHECK(tree_of(store.path("commitlog")) == before);
}

TEST_CASE("A hole in the log with sound records behind it is refused, too", "[recovery]") {
  TestStore store;
  const std::vector<PutMessageResult> puts = put_numbered(store, 0, 30);
  store.kill();
  overwrite(store.segment_path(puts[10].offset), position_of(puts[10].offset),
            std::vector<std::byte>(static_cast<size_t>(puts[11].offset - puts[10].offset)));
  CHECK(store.try_open().code() == Errc::kCorruption);
  store.options().on_damage = OnDamage::kTruncate;
  store.open();
  CHECK(store.bodies() == numbered(0, 10));
}

TEST_CASE("Queues without a log are refused, and dropped when asked for", "[recovery]") {
  TestStore store;
  put_numbered(store, 0, 10);
  store.close();
  std::filesystem::remove_all(store.path("commitlog"));
  CHECK(store.try_open().code() == Errc::kCorruption);
  CHECK(std::filesystem::exists(store.path("consumequeue/T/0")));
  store.options().on_damage = OnDamage::kTruncate;
  store.open();
  CHECK(store->max_queue_offset("T", kQueue) == QueueOffset(0));
  CHECK(store.put("m0").queue_offset == QueueOffset(0));
}

TEST_CASE("A topic in the log that leads out of the store makes no queue, and no file", "[recovery]") {
  TestStore store;
  const PutMessageResult evil = store.put("m0", "xx_xx_evil");
  store.put("m0");
  store.kill();
  std::filesystem::remove_all(store.path("consumequeue"));
  constexpr int64_t kTopicAt = 88 + 2 + 1;
  const Bytes topic = as_bytes("../../evil");
  overwrite(store.segment_path(evil.offset), position_of(evil.offset + kTopicAt), {topic.begin(), topic.end()});
  store.open();
  CHECK(store.view_at(evil.offset).topic == "../../evil");
  CHECK(store.bodies() == numbered(0, 1));
  CHECK(store->consume_queues().all().size() == 1);
  CHECK_FALSE(std::filesystem::exists(store.path("../evil")));
  CHECK_FALSE(std::filesystem::exists(store.path("evil")));
}

TEST_CASE("A record whose queue offset was damaged stays where its queue has it", "[recovery]") {
  for (const int64_t wrong : {0, 49, 51, 70, 1 << 30, -1}) {
    INFO("queue offset " << wrong);
    TestStore store;
    const std::vector<PutMessageResult> puts = put_numbered(store, 0, 100);
    store.kill();
    write_at(store, puts[50].offset, RecordLayout::kQueueOffsetAt, wrong);
    store.open();
    CHECK(store.bodies() == numbered(0, 100));
    CHECK(store.put("m100").queue_offset == QueueOffset(100));
  }
}

TEST_CASE("A record whose place was damaged is kept where its queue names it, and put right", "[recovery]") {
  for (const bool crash : {true, false}) {
    for (const size_t victim : {50u, 99u}) {
      INFO("crash " << crash << ", record " << victim);
      if (!crash && victim != 99) continue;  // not looked at
      TestStore store;
      const std::vector<PutMessageResult> puts = put_numbered(store, 0, 100);
      if (crash) {
        store.kill();
      } else {
        store.close();
      }
      write_at(store, puts[victim].offset, RecordLayout::kPhysicalOffsetAt, puts[victim].offset.value() ^ 1);
      store.open();
      CHECK(store.bodies() == numbered(0, 100));
      CHECK(store->recovery().notes.size() == 1);
      if (crash) CHECK(store->recovery().records_scanned == 100);
      CHECK(store->max_offset() == puts[99].end);
      CHECK(store.view_at(puts[victim].offset).physical_offset == puts[victim].offset);
    }
  }
}

TEST_CASE("A stale copy of a record behind the end is cut off: no queue names it", "[recovery]") {
  TestStore store;
  const std::vector<PutMessageResult> puts = put_numbered(store, 0, 10);
  store.kill();
  const std::vector<std::byte> segment = read_file(store.segment_path(puts[9].offset));
  overwrite(store.segment_path(puts[9].end), position_of(puts[9].end),
            {segment.begin() + puts[9].offset.value(), segment.begin() + puts[9].end.value()});
  store.open();
  CHECK(store->max_offset() == puts[9].end);
  CHECK(store.bodies() == numbered(0, 10));
}
