// What a store may hold that is not the plain case, and is no damage.
#include <catch2/catch.hpp>
#include <filesystem>

#include "libstore/message/record_layout.h"
#include "libstore/message/system_flag.h"
#include "tests/unit/store/store_support.h"
#include "tests/unit/store/verify_support.h"

using namespace mqctl;
using namespace mqctl::test;

namespace {

// A store of one segment of 4 KiB and queue files of 100 units, made by hand.
class HandMadeStore {
 public:
  // The record's place in the log.
  int64_t add(RecordSpec spec, int32_t sys_flag = 0) {
    spec.offset = base_ + static_cast<int64_t>(log_.size());
    std::vector<std::byte> record = make_record(spec);
    store_be(record.data() + RecordLayout::kSysFlagAt, sys_flag);
    append(log_, record);
    last_size_ = static_cast<int32_t>(record.size());
    return spec.offset;
  }
  int32_t last_size() const { return last_size_; }
  void begin_at(int64_t base) { base_ = base; }

  void queue(const std::string& topic, int64_t first_byte, const std::vector<ConsumeQueueUnit>& units) const {
    std::vector<std::byte> bytes(2000);
    for (size_t i = 0; i < units.size(); ++i) units[i].store(bytes.data() + i * ConsumeQueueUnit::kEncodedBytes);
    write_file(directory_.path() + "/" + queue_file(topic, 0, first_byte), bytes);
  }
  std::string check(VerifyLevel level = VerifyLevel::kIndex) const {
    std::vector<std::byte> whole = log_;
    whole.resize(4096);
    write_file(directory_.path() + "/" + segment(base_), whole);
    VerifyOptions options;
    options.level = level;
    return brief(verified(directory_.path(), options));
  }
  const std::string& root() const { return directory_.path(); }

 private:
  TemporaryDirectory directory_;
  int64_t base_ = 0;
  std::vector<std::byte> log_;
  int32_t last_size_ = 0;
};

ConsumeQueueUnit unit(int64_t offset, int32_t size, int64_t tags = 0) { return {PhysicalOffset(offset), size, tags}; }

}  // namespace

TEST_CASE("prepared and rolled back records have no unit, committed ones have") {
  HandMadeStore store;
  store.add({}, sys_flag::kPrepared);
  store.add({}, sys_flag::kRollback);
  const int64_t committed = store.add({}, sys_flag::kCommit);
  store.queue("T", 0, {unit(committed, store.last_size())});
  CHECK(store.check() == "");
}

TEST_CASE("a log that does not begin at 0, units below it, pre-blank units") {
  HandMadeStore store;
  store.begin_at(8192);
  const int64_t first = store.add({.queue_offset = 104});
  std::vector<ConsumeQueueUnit> units{kPreBlankUnit, kPreBlankUnit, unit(7000, 100), unit(7100, 100)};
  units.push_back(unit(first, store.last_size()));
  store.queue("T", 2000, units);
  store.queue("Old", 0, {unit(10, 100), unit(5000, 100)});
  CHECK(store.check() == "");
}

TEST_CASE("queues of multi-dispatch") {
  HandMadeStore store;
  RecordSpec spec;
  spec.properties =
      "INNER_MULTI_DISPATCH\x01%LMQ%a,%LMQ%b\x02INNER_MULTI_QUEUE_OFFSET\x01"
      "0,0\x02";
  const int64_t at = store.add(spec);
  const ConsumeQueueUnit good = unit(at, store.last_size());
  store.queue("T", 0, {good});
  SECTION("built") {
    store.queue("%LMQ%a", 0, {good});
    store.queue("%LMQ%b", 0, {good});
    CHECK(store.check() == "");
  }
  SECTION("not built") { CHECK(store.check() == ""); }
  SECTION("wrong") {
    store.queue("%LMQ%a", 0, {unit(at, 7)});
    CHECK(store.check() == line("cq-mismatch", queue_file("%LMQ%a", 0, 0), 0, 20));
  }
}

TEST_CASE("a delayed message is due at any time that is not before its own") {
  HandMadeStore store;
  RecordSpec spec;
  spec.topic = "SCHEDULE_TOPIC_XXXX";
  spec.properties =
      "DELAY\x01"
      "3\x02";
  const int64_t at = store.add(spec);
  store.queue("SCHEDULE_TOPIC_XXXX", 0, {unit(at, store.last_size(), spec.stored + 12345)});
  CHECK(store.check() == "");
  store.queue("SCHEDULE_TOPIC_XXXX", 0, {unit(at, store.last_size(), spec.stored - 1)});
  CHECK(store.check() == line("cq-mismatch", queue_file("SCHEDULE_TOPIC_XXXX", 0, 0), 0, 20));
}

TEST_CASE("batch topics and RocksDB queues are not checked, and that is said") {
  HandMadeStore store;
  store.add({});
  SECTION("batch") { std::filesystem::create_directories(store.root() + "/batchconsumequeue/T/0"); }
  SECTION("inner batch flag") {
    HandMadeStore flagged;
    flagged.add({}, sys_flag::kInnerBatch);
    CHECK(flagged.check() == "");
    return;
  }
  SECTION("RocksDB") {
    write_file(store.root() + "/consumequeue/CURRENT", as_bytes("x"));
    write_file(store.root() + "/consumequeue/IDENTITY", as_bytes("x"));
  }
  CHECK(store.check() == "");
}

TEST_CASE("two records of one queue offset") {
  HandMadeStore store;
  const int64_t first = store.add({});
  const int32_t size = store.last_size();
  store.add({});
  store.queue("T", 0, {unit(first, size)});
  CHECK(store.check() == line("cq-mismatch", queue_file("T", 0, 0), 0, 20));
}

TEST_CASE("an impossible queue offset does no harm") {
  HandMadeStore store;
  for (const int64_t offset : {INT64_MAX, INT64_MIN, int64_t{-1}, INT64_MAX / 20}) store.add({.queue_offset = offset});
  store.queue("T", 0, {});
  CHECK_FALSE(store.check().empty());
}

TEST_CASE("a segment made ahead, and a store with nothing in it") {
  HandMadeStore store;
  store.add({});
  std::filesystem::create_directories(store.root() + "/commitlog");
  write_file(store.root() + "/" + segment(4096), std::vector<std::byte>(4096));
  CHECK(store.check(VerifyLevel::kCrc) == "");
  const TemporaryDirectory empty;
  std::filesystem::create_directories(empty.path() + "/commitlog");
  CHECK(brief(verified(empty.path())) == "");
}

TEST_CASE("a queue's only file, cut to nothing, is missed where no start would put its units again") {
  TestStore store;
  store.put("one", "Old");
  put_numbered(store, 0, 100);
  store.clock().advance_ms(100000);
  put_numbered(store, 100, 200);
  store.put("two", "New");
  store.settle();
  REQUIRE(text_of(store->checkpoint()) == "ok");
  store.kill();
  VerifyOptions options;
  options.level = VerifyLevel::kIndex;
  REQUIRE(brief(verified(store.path(""), options)) == "");
  for (const char* topic : {"Old", "New"}) {
    std::filesystem::resize_file(store.path("consumequeue/" + std::string(topic) + "/0/" + offset_file_name(0)), 0);
  }
  CHECK(brief(verified(store.path(""), options)) == line("cq-missing", "consumequeue/Old/0", 0, 20));
}

TEST_CASE("files that a killed writer had just made are no damage") {
  HandMadeStore store;
  const int64_t at = store.add({});
  store.queue("T", 0, {unit(at, store.last_size())});
  REQUIRE(store.check() == "");
  for (const std::string& file : {queue_file("T", 0, 2000), queue_file("T", 1, 0)}) {
    write_file(store.root() + "/" + file, std::vector<std::byte>());
  }
  CHECK(store.check() ==
        line("short-file", "consumequeue/T/0", 0, 2000) + line("short-file", "consumequeue/T/1", 0, 2000));
  write_file(store.root() + "/abort", std::vector<std::byte>());
  CHECK(store.check() == "");
}
