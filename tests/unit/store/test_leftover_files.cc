// Files that a creation left which failed: they stand where the next one is to be made, and stop nobody.
#include <filesystem>
#include <fstream>

#include "tests/unit/store/store_support.h"

using namespace mqctl;
using namespace mqctl::test;

TEST_CASE("A segment without a length and a queue file in the way are made anew", "[recovery]") {
  TestStore store;
  put_numbered(store, 0, 5);
  store.settle();
  std::ofstream(store.path("commitlog/" + offset_file_name(3 * static_cast<int64_t>(kSmallSegment))));
  std::ofstream(store.path("consumequeue/T/0/" + offset_file_name(800))) << "left over";
  put_numbered(store, 5, 200);
  store.settle();
  REQUIRE(store->max_offset() > PhysicalOffset(4 * static_cast<int64_t>(kSmallSegment)));
  CHECK(store.bodies() == numbered(0, 200));
  store.reopen();
  CHECK(store.bodies() == numbered(0, 200));
}
