#include <catch2/catch.hpp>
#include <fstream>
#include <nlohmann/json.hpp>

#include "libstore/index/consume_queue_reader.h"
#include "libstore/message/delay_level.h"
#include "tests/unit/support/golden_store.h"

using namespace mqctl;
using namespace mqctl::test;

namespace {

nlohmann::json queues_of(std::string_view name) {
  std::ifstream file(golden_path(std::string(name) + ".queues.json"));
  return nlohmann::json::parse(file);
}

ConsumeQueueReader open_queue(const GoldenStore& store, const std::string& topic, int32_t queue) {
  Result<ConsumeQueueReader> reader =
      ConsumeQueueReader::open(posix_file_system(), store.path("consumequeue"), {topic, QueueId(queue)});
  REQUIRE(reader.has_value());
  return std::move(*reader);
}

}  // namespace

TEST_CASE("queue ranges are those of a genuine broker after recovery") {
  for (const char* name : {"tiny-5.5.0", "apache-4.9.4-clean", "apache-5.5.0-mixed", "apache-5.5.0-ipv6-v2"}) {
    INFO(name);
    const GoldenStore store(name);
    const auto expected = queues_of(name);
    for (const auto& queue : expected.at("queues")) {
      const std::string topic = queue.at("topic");
      INFO(topic << " " << queue.at("queue"));
      Result<ConsumeQueueReader> reader = ConsumeQueueReader::open(posix_file_system(), store.path("consumequeue"),
                                                                   {topic, QueueId(queue.at("queue").get<int32_t>())});
      if (!reader) {  // 4.9.4 makes every delay queue in memory
        CHECK(queue.at("max") == 0);
        continue;
      }
      const Result<QueueOffset> min = reader->min_offset(PhysicalOffset(0)), max = reader->max_offset();
      REQUIRE(min.has_value());
      REQUIRE(max.has_value());
      CHECK(min->value() == queue.at("min").get<int64_t>());
      CHECK(max->value() == queue.at("max").get<int64_t>());
    }
  }
}

TEST_CASE("each record's unit is found at its queue offset") {
  const GoldenStore store("apache-5.5.0-mixed");
  for (const GoldenRecord& record : store.records()) {
    if (record.blank) continue;
    ConsumeQueueReader reader = open_queue(store, record.topic, record.queue);
    const Result<ConsumeQueueUnit> unit = reader.unit(QueueOffset(record.queue_offset));
    REQUIRE(unit.has_value());
    REQUIRE(unit->physical_offset.value() == record.offset);
    REQUIRE(unit->size == record.size);
    REQUIRE(unit->tags_code == record.tags_code);
  }
}

TEST_CASE("queues are listed in order, strays apart") {
  const GoldenStore store("tiny-5.5.0");
  store.create("consumequeue/stray", "x");
  store.create("consumequeue/Tiny/1.bak", "x");
  const Result<QueueListing> listing = list_queues(posix_file_system(), store.path("consumequeue"));
  REQUIRE(listing.has_value());
  REQUIRE(listing->queues.size() == 2);
  CHECK(listing->queues[1] == QueueKey{"Tiny", QueueId(1)});
  CHECK(listing->strays.size() == 2);
}

TEST_CASE("what is outside the files is not found, what is not written is zeros") {
  const GoldenStore store("tiny-5.5.0");
  ConsumeQueueReader reader = open_queue(store, "Tiny", 0);
  CHECK(reader.unit(QueueOffset(50)).value() == ConsumeQueueUnit{});
  for (const int64_t outside : {int64_t{-1}, int64_t{100}, INT64_MAX}) {
    const Result<ConsumeQueueUnit> unit = reader.unit(QueueOffset(outside));
    REQUIRE_FALSE(unit.has_value());
    CHECK(unit.error().code() == Errc::kNotFound);
  }
  const Result<ConsumeQueueReader> none =
      ConsumeQueueReader::open(posix_file_system(), store.path("consumequeue"), {"Tiny", QueueId(9)});
  REQUIRE_FALSE(none.has_value());
  CHECK(none.error().code() == Errc::kNotFound);
}

TEST_CASE("a unit written meanwhile is seen") {
  const GoldenStore store("tiny-5.5.0");
  ConsumeQueueReader reader = open_queue(store, "Tiny", 0);
  CHECK(reader.max_offset().value() == QueueOffset(2));
  std::vector<std::byte> unit(ConsumeQueueUnit::kEncodedBytes);
  ConsumeQueueUnit{PhysicalOffset(783), 100, 0}.store(unit.data());
  store.write(queue_file("Tiny", 0, 0), 40, unit);
  CHECK(reader.unit(QueueOffset(2)).value().size == 100);
  CHECK(reader.max_offset().value() == QueueOffset(3));
}

TEST_CASE("the minimum passes over units before the log and pre-blank ones") {
  const TemporaryDirectory directory;
  std::vector<std::byte> units(100 * ConsumeQueueUnit::kEncodedBytes);
  for (int64_t i = 0; i < 60; ++i) {
    const ConsumeQueueUnit unit = i < 10 ? kPreBlankUnit : ConsumeQueueUnit{PhysicalOffset(i * 100), 100, 0};
    unit.store(units.data() + i * 20);
  }
  write_file(directory.path() + "/" + queue_file("T", 0, 2000), units);
  Result<ConsumeQueueReader> reader =
      ConsumeQueueReader::open(posix_file_system(), directory.path() + "/consumequeue", {"T", QueueId(0)});
  REQUIRE(reader.has_value());
  CHECK(reader->first_in_files() == QueueOffset(100));
  CHECK(reader->max_offset().value() == QueueOffset(160));
  CHECK(reader->min_offset(PhysicalOffset(0)).value() == QueueOffset(110));
  CHECK(reader->min_offset(PhysicalOffset(2001)).value() == QueueOffset(121));
  CHECK(reader->min_offset(PhysicalOffset(900000)).value() == QueueOffset(160));
}
