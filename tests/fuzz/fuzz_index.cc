// Any bytes as an index file: it opens or is refused, look-ups end, and a walk over all entries ends.
#include "libstore/store/index_walk.h"
#include "tests/fuzz/memory_file_system.h"
#include "tests/fuzz/require.h"

using namespace mqctl;

namespace {

void look_up(FileSystem& fs) {
  Result<IndexReader> reader = IndexReader::open(fs, "d/f");
  if (!reader) return;
  for (const int32_t hash : {0, 1, 2598919, INT32_MAX}) {
    std::vector<PhysicalOffset> found;
    REQUIRE(reader->select(hash, EpochMs(0), EpochMs(INT64_MAX), 64, found).ok());
    REQUIRE(found.size() <= 64);
  }
}

void walk(FileSystem& fs) {
  IndexWalk entries(fs, {"d/f", "d/f"});
  REQUIRE(entries.open().ok());
  while (!entries.at_end()) REQUIRE(entries.next().ok());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  test::MemoryFileSystem fs;
  fs.put("d/f", {reinterpret_cast<const std::byte*>(data), size});
  look_up(fs);
  walk(fs);
  return 0;
}
