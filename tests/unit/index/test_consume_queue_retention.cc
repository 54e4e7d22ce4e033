// ConsumeQueue: how its beginning follows the log's, behaviours 45 and 86 of Apache's ConsumeQueueTest among it.
#include "tests/unit/index/consume_queue_support.h"
#include "tests/unit/support/file_use.h"

using namespace mqctl;
using namespace mqctl::test;

TEST_CASE("behaviour 45: the minimum moves to the first unit at or behind the log's minimum and never back") {
  TestQueue queue;
  queue.put(0, 50);
  queue->correct_min_offset(PhysicalOffset(2000));
  CHECK(queue->min_offset() == QueueOffset(20));
  queue->correct_min_offset(PhysicalOffset(1000));
  CHECK(queue->min_offset() == QueueOffset(20));
  queue->correct_min_offset(PhysicalOffset(2001));
  CHECK(queue->min_offset() == QueueOffset(21));
  CHECK_FALSE(queue->unit(QueueOffset(20)).has_value());
  queue->correct_min_offset(PhysicalOffset(4900));
  CHECK(queue->min_offset() == QueueOffset(49));
  queue->correct_min_offset(PhysicalOffset(4901));
  CHECK(queue->min_offset() == QueueOffset(50));
  queue.put(50, 52);
  CHECK(units_of(*queue) == expected_units(50, 52));
}

TEST_CASE("Whole segments before the log's beginning are deleted, never the last") {
  TestQueue queue;
  queue.put(0, 17);
  CHECK(*queue->delete_expired(PhysicalOffset(400)) == 0);
  CHECK(queue->min_offset() == QueueOffset(4));
  CHECK(*queue->delete_expired(PhysicalOffset(401)) == 1);
  CHECK(queue->min_offset() == QueueOffset(5));
  CHECK(*queue->delete_expired(PhysicalOffset(1250)) == 1);
  CHECK(queue->min_offset() == QueueOffset(13));
  CHECK(*queue->delete_expired(PhysicalOffset(9999)) == 1);
  CHECK(queue.file_count() == 1);
  CHECK(queue->min_offset() == QueueOffset(17));
  CHECK(queue->max_offset() == QueueOffset(17));
}

TEST_CASE("behaviour 86: of queue files with 7 units one goes when 10 messages are gone") {
  TestQueue queue(140);
  queue.put(0, 20);
  CHECK(*queue->delete_expired(PhysicalOffset(1000)) == 1);
  CHECK(queue.file_count() == 2);
  CHECK(queue->min_offset() == QueueOffset(10));
}

TEST_CASE("A destroyed queue forgets what it held") {
  TestQueue queue;
  queue.put(0, 17);
  queue->correct_min_offset(PhysicalOffset(900));
  REQUIRE(queue->destroy().ok());
  CHECK(queue->min_offset() == QueueOffset(0));
  CHECK(queue->max_offset() == QueueOffset(0));
  queue.put(0, 3);
  CHECK(units_of(*queue) == expected_units(0, 3));
}

TEST_CASE("A segment that was read, and is deleted, is in use no more") {
  TestQueue queue;
  queue.put(0, 17);
  CHECK(queue->unit(QueueOffset(2)).has_value());
  CHECK_FALSE(queue->unit(QueueOffset(17)).has_value());
  CHECK_FALSE(queue->units_from(QueueOffset(2)).bytes().empty());
  CHECK(has_in_use(queue.file(0)));
  CHECK(*queue->delete_expired(PhysicalOffset(401)) == 1);
  CHECK_FALSE(has_in_use(queue.file(0)));
}
