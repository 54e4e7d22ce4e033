// ConsumeQueue: what recovery does to every cut.
#include "tests/unit/index/consume_queue_support.h"

using namespace mqctl;
using namespace mqctl::test;

TEST_CASE("Recovery ends a queue at the first unit that is none, wherever the files were cut", "[exhaustive]") {
  for (int64_t cut = 0; cut <= 17 * 20; ++cut) {
    TestQueue queue;
    queue.put(0, 17);
    for (int64_t base = 0; base < 400; base += 100) {  // zeros from the cut on, as when pages were lost
      const int64_t keep = std::clamp<int64_t>(cut - base, 0, 100);
      std::vector<std::byte> bytes = read_file(queue.file(base));
      std::fill(bytes.begin() + keep, bytes.end(), std::byte{0});
      write_file(queue.file(base), bytes);
    }
    queue.reopen();
    // A unit whose tags code alone is cut still counts, for Apache too; all in it after byte 12 may be gone.
    const int64_t whole = cut / 20 + (cut % 20 >= 12 ? 1 : 0);
    INFO(cut);
    REQUIRE(queue->max_offset() == QueueOffset(whole));
    const bool torn = cut % 20 >= 12;
    if (torn) REQUIRE(queue->truncate(PhysicalOffset((whole - 1) * kRecordBytes)).ok());
    CHECK(queue.file_count() == static_cast<size_t>((whole - (torn ? 1 : 0) + 4) / 5));
    queue.put(0, 23);
    CHECK(units_of(*queue) == expected_units(0, 23));
  }
}

TEST_CASE("Recovery drops segments of zeros at the end, however many") {
  for (const int64_t segments : {1, 2, 3, 4, 7}) {
    INFO(segments);
    TestQueue queue;
    queue.put(0, 7);
    for (int64_t i = 0; i < segments; ++i) write_file(queue.file(200 + i * 100), std::vector<std::byte>(kSegment));
    queue.reopen();
    CHECK(queue.file_count() == 2);
    CHECK(units_of(*queue) == expected_units(0, 7));
    CHECK(queue->max_physical_offset() == PhysicalOffset(700));
    queue.put(7, 20);
    CHECK(units_of(*queue) == expected_units(0, 20));
  }
}

TEST_CASE("Recovery of a queue that is nothing but zeros leaves none of it") {
  TestQueue queue;
  for (const int64_t base : {300, 400}) write_file(queue.file(base), std::vector<std::byte>(kSegment));
  queue.reopen();
  CHECK(queue.file_count() == 0);
  CHECK(queue->max_offset() == QueueOffset(0));
  queue.put(0, 6);
  CHECK(units_of(*queue) == expected_units(0, 6));
}

TEST_CASE("Filler at the end is no record: it does not raise the end of the log that the queues know") {
  TestQueue queue;
  write_file(queue.file(100), segment_of({kPreBlankUnit, kPreBlankUnit}));
  queue.reopen();
  CHECK(queue->max_physical_offset() == PhysicalOffset(0));
  CHECK(queue->min_offset() == QueueOffset(7));
  CHECK(queue->max_offset() == QueueOffset(7));
  REQUIRE(queue->truncate(PhysicalOffset(0)).ok());
  CHECK(queue->max_offset() == QueueOffset(7));
  queue.put(7, 9);
  CHECK(units_of(*queue) == expected_units(7, 9));
}

TEST_CASE("A damaged last unit cannot overflow, and goes when the queue is truncated to the log") {
  for (const int64_t offset : {INT64_MAX, INT64_MAX - 5, int64_t{100000}}) {
    TestQueue queue;
    write_file(queue.file(0), segment_of({unit_of(0), unit_of(1), {PhysicalOffset(offset), INT32_MAX, 0}}));
    queue.reopen();
    CHECK(queue->max_physical_offset() > PhysicalOffset(offset - 1));
    REQUIRE(queue->truncate(PhysicalOffset(500)).ok());
    CHECK(units_of(*queue) == expected_units(0, 2));
    queue.put(0, 5);
    CHECK(units_of(*queue) == expected_units(0, 5));
  }
}

TEST_CASE("Truncation keeps exactly the units of records that end before the log does") {
  for (int64_t end = 0; end <= 1700; end += 50) {
    INFO(end);
    TestQueue queue;
    queue.put(0, 17);
    queue->correct_min_offset(PhysicalOffset(300));
    REQUIRE(queue->truncate(PhysicalOffset(end)).ok());
    const int64_t left = end / 100;
    CHECK(queue->max_offset() == QueueOffset(left));
    CHECK(queue->min_offset() == QueueOffset(std::min<int64_t>(3, left)));
    CHECK(queue.file_count() == static_cast<size_t>((left + 4) / 5));
    queue.reopen();
    CHECK(units_of(*queue) == expected_units(0, left));
    queue.put(left, 20);
    CHECK(units_of(*queue) == expected_units(0, 20));
  }
}
