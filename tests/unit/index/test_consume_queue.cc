// ConsumeQueue: behaviours 40 to 44, 46, 47 and 53 of Apache's ConsumeQueueTest, and what it does beside.
#include <thread>

#include "tests/unit/index/consume_queue_support.h"

using namespace mqctl;
using namespace mqctl::test;

namespace {

DispatchRequest numbered(int64_t queue_offset, int64_t physical_offset) {
  DispatchRequest request = request_of(0);
  request.queue_offset = QueueOffset(queue_offset);
  request.physical_offset = PhysicalOffset(physical_offset);
  return request;
}

}  // namespace

TEST_CASE("behaviour 40: minimum and maximum of a new queue are 0") {
  TestQueue queue;
  CHECK(queue->min_offset() == QueueOffset(0));
  CHECK(queue->max_offset() == QueueOffset(0));
  CHECK_FALSE(queue->last_unit().has_value());
  CHECK(queue->max_physical_offset() == PhysicalOffset(0));
  CHECK(queue.file_count() == 0);
}

TEST_CASE("behaviour 41: unit i stands at byte 20 i, as the worked example has it") {
  TestQueue queue;
  DispatchRequest request = numbered(0, 4096);
  request.size = 177;
  request.tags_code = 2598919;
  REQUIRE(queue->put(request).ok());
  request = numbered(1, 8192);
  request.size = 1;
  request.tags_code = -831240122;
  REQUIRE(queue->put(request).ok());
  const std::vector<std::byte> bytes = read_file(queue.file(0));
  const uint8_t expected[40] = {0, 0, 0, 0,    0,    0,    0x10, 0,    0,    0,    0,    0xb1, 0,    0,
                                0, 0, 0, 0x27, 0xa8, 0x07, 0,    0,    0,    0,    0,    0,    0x20, 0,
                                0, 0, 0, 1,    0xff, 0xff, 0xff, 0xff, 0xce, 0x74, 0x48, 0x46};
  CHECK(bytes.size() == kSegment);
  CHECK(std::memcmp(bytes.data(), expected, sizeof expected) == 0);
}

TEST_CASE("behaviour 42: reading from any offset gives that unit and all after it, outside nothing") {
  TestQueue queue;
  queue.put(0, 12);
  for (int64_t from = 0; from < 12; ++from) {
    std::vector<ConsumeQueueUnit> units;
    for (QueueOffset at(from); HeldBytes held = queue->units_from(at);) {
      for (size_t i = 0; i < held.bytes().size(); i += ConsumeQueueUnit::kEncodedBytes) {
        units.push_back(ConsumeQueueUnit::load(held.bytes().data() + i));
        ++at;
      }
    }
    CHECK(units == expected_units(from, 12));
    CHECK(queue->unit(QueueOffset(from)) == unit_of(from));
  }
  for (const int64_t outside : {int64_t{-1}, int64_t{12}, INT64_MAX, INT64_MIN}) {
    CHECK_FALSE(queue->unit(QueueOffset(outside)).has_value());
    CHECK_FALSE(queue->units_from(QueueOffset(outside)));
  }
}

TEST_CASE("behaviour 43: earliest and latest unit are those of the minimum and of the maximum less one") {
  TestQueue queue;
  queue.put(0, 7);
  CHECK(queue->unit(queue->min_offset()) == unit_of(0));
  CHECK(queue->last_unit() == unit_of(6));
  CHECK(queue->max_physical_offset() == PhysicalOffset(700));
}

TEST_CASE("behaviour 44: dispatching the same message again adds no unit") {
  TestQueue queue;
  queue.put(0, 7);
  queue.put(0, 7);
  queue.put(6, 9);
  CHECK(units_of(*queue) == expected_units(0, 9));
  queue.reopen();
  queue.put(0, 9);
  CHECK(units_of(*queue) == expected_units(0, 9));
}

TEST_CASE("behaviour 44: a unit before the end of the queue is done, whatever it points to") {
  TestQueue queue;
  queue.put(0, 7);
  CHECK(queue->put(numbered(3, 5000)).ok());
  CHECK(queue->put(numbered(0, 5000)).ok());
  CHECK(units_of(*queue) == expected_units(0, 7));
}

TEST_CASE("A record that leaves a gap in its queue is refused and changes nothing") {
  TestQueue queue;
  queue.put(0, 3);
  const Status status = queue->put(request_of(4));
  REQUIRE_FALSE(status.ok());
  CHECK(status.code() == Errc::kCorruption);
  CHECK(status.message() ==
        "consume queue T/0: the record at commit-log offset 400 goes on with queue offset 4 where the queue ends at 3");
  queue.put(3, 6);
  CHECK(units_of(*queue) == expected_units(0, 6));
}

TEST_CASE("A queue offset that cannot be is refused") {
  TestQueue queue;
  for (const int64_t offset : {int64_t{-1}, INT64_MIN, INT64_MAX, INT64_MAX / 20}) {
    const Status status = queue->put(numbered(offset, 4096));
    REQUIRE_FALSE(status.ok());
    CHECK(status.code() == Errc::kCorruption);
  }
  CHECK(queue.file_count() == 0);
}

TEST_CASE("behaviour 46: a queue that begins at offset 100 has minimum and maximum there, also after recovery") {
  // A segment of 100 units that ends there, one in the middle of which it lies, a whole number of them.
  for (const uint64_t segment : {2000u, 3000u, 100u}) {
    INFO(segment);
    TestQueue queue(segment);
    REQUIRE(queue->initialize_with_offset(QueueOffset(100)).ok());
    for (int round = 0; round < 2; ++round) {
      CHECK(queue->min_offset() == QueueOffset(100));
      CHECK(queue->max_offset() == QueueOffset(100));
      CHECK_FALSE(queue->last_unit().has_value());
      CHECK(queue->max_physical_offset() == PhysicalOffset(0));
      queue.reopen();
    }
    queue.put(100, 103);
    queue.reopen();
    CHECK(units_of(*queue) == expected_units(100, 103));
    CHECK_FALSE(queue->initialize_with_offset(QueueOffset(7)).ok());
  }
}

TEST_CASE("A queue whose first message is not number 0 is laid out as Apache does") {
  for (const int64_t first : {5, 6, 9, 10, 12}) {
    INFO(first);
    TestQueue queue;
    queue.put(first, 21);
    const int64_t base = first / 5 * 100;
    CHECK(tree_of(queue.directory()).begin()->first == offset_file_name(base));
    const std::vector<std::byte> bytes = read_file(queue.file(base));
    for (int64_t i = base / 20; i < first; ++i) {
      CHECK(ConsumeQueueUnit::load(bytes.data() + (i * 20 - base)) == kPreBlankUnit);
    }
    queue.reopen();
    CHECK(queue->min_offset() == QueueOffset(first));
    CHECK(units_of(*queue) == expected_units(first, 21));
    queue->correct_min_offset(PhysicalOffset(0));
    CHECK(queue->min_offset() == QueueOffset(first));
  }
}

TEST_CASE("Filler that a power cut left unfinished does not stand in the way of the first message") {
  TestQueue queue;
  write_file(queue.file(100), segment_of({kPreBlankUnit, kPreBlankUnit}));
  queue.reopen();
  queue.put(9, 12);
  CHECK(units_of(*queue) == expected_units(9, 12));
  queue.reopen();
  CHECK(units_of(*queue) == expected_units(9, 12));
}

TEST_CASE("behaviour 47: a unit with an extension's address gives the true tags code") {
  TestQueue queue;
  std::vector<std::byte> ext(1000);
  store_be<int16_t>(ext.data(), 28);
  store_be<int64_t>(ext.data() + 2, -831240122);
  store_be<int64_t>(ext.data() + 10, 1700000000000);
  store_be<int16_t>(ext.data() + 18, 8);
  write_file(queue.ext_file(), ext);
  queue.reopen();
  ConsumeQueueUnit unit = unit_of(1);
  CHECK(queue->tags_code(unit) == 7);
  unit.tags_code = INT32_MIN;
  CHECK(queue->tags_code(unit) == INT32_MIN);
  unit.tags_code = INT64_MIN;
  CHECK(queue->tags_code(unit) == -831240122);
  unit.tags_code = INT64_MIN + 1;
  CHECK_FALSE(queue->tags_code(unit).has_value());
}

TEST_CASE("behaviour 53: offset by time") {
  TestQueue queue;
  queue.put(0, 100);
  int64_t lost_below = 0;
  const auto at = [&](int64_t time) {
    return queue
        ->offset_by_time(EpochMs(time),
                         [&](const ConsumeQueueUnit& unit) -> std::optional<EpochMs> {
                           const int64_t number = unit.physical_offset.value() / kRecordBytes;
                           if (number < lost_below) return std::nullopt;
                           return EpochMs(1000 + number * 10);
                         })
        .value();
  };
  for (int64_t i = 0; i < 100; ++i) {
    CHECK(at(1000 + i * 10) == i);
    CHECK(at(1000 + i * 10 - 1) == i);
  }
  CHECK(at(0) == 0);
  CHECK(at(INT64_MIN) == 0);
  CHECK(at(1000 + 99 * 10 + 1) == 100);
  lost_below = 30;  // the log's first segments are gone and the queue does not know yet
  CHECK(at(0) == 30);
  CHECK(at(1505) == 51);
  TestQueue none;
  CHECK(none->offset_by_time(EpochMs(5), [](const ConsumeQueueUnit&) { return std::optional(EpochMs(9)); }) ==
        QueueOffset(0));
}

TEST_CASE("Readers beside the writer see whole units in order, across segments that come and go") {
  TestQueue queue(200);
  constexpr int64_t kMessages = 20000;
  std::atomic<bool> done{false};
  std::atomic<int64_t> wrong{0}, seen{0};
  const auto read = [&] {
    while (!done.load()) {
      const QueueOffset max = queue->max_offset();
      for (QueueOffset at = std::max(queue->min_offset(), max - 50); at < max; ++at) {
        const std::optional<ConsumeQueueUnit> unit = queue->unit(at);
        if (unit && *unit != unit_of(at.value())) ++wrong;
        if (!unit && at >= queue->min_offset()) ++wrong;
        if (unit) ++seen;
      }
      if (HeldBytes held = queue->units_from(queue->min_offset()); held && held.bytes().size() % 20 != 0) ++wrong;
    }
  };
  std::thread first(read), second(read);
  for (int64_t i = 0; i < kMessages; ++i) {
    REQUIRE(queue->put(request_of(i)).ok());
    if (i % 100 == 99) REQUIRE(queue->delete_expired(PhysicalOffset((i - 70) * kRecordBytes)).has_value());
  }
  while (seen.load() == 0) std::this_thread::yield();
  done = true;
  first.join();
  second.join();
  CHECK(wrong.load() == 0);
}
