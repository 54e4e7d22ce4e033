// Any bytes as the newest index file, and a mark of it that says anything, with the checksum that is due: the file goes
// back to it or is made again; then keys are taken and found.
#include "libstore/index/index_service.h"
#include "tests/fuzz/fuzz_input.h"
#include "tests/fuzz/memory_file_system.h"
#include "tests/fuzz/require.h"

using namespace mqctl;

namespace {

constexpr const char* kDirectory = "/s/index";
constexpr const char* kCheckpoint = "/s/index.checkpoint";
constexpr int64_t kName = 20231114221320123;

IndexMark mark_of(test::FuzzInput& input) {
  IndexMark mark;
  mark.file = input.byte() == 0 ? kName + 1 : kName;
  mark.geometry = {input.byte(), input.byte()};
  std::byte header[IndexHeader::kEncodedBytes] = {};
  const Bytes given = input.bytes(sizeof header);
  std::copy(given.begin(), given.end(), header);
  mark.header = IndexHeader::load(header);
  return mark;
}

void put_and_find(IndexService& index, PhysicalOffset end) {
  constexpr int64_t kFarEnd = int64_t{1} << 60;
  for (int64_t i = 1; i < 50 && end.value() < kFarEnd; ++i) {
    const std::string key = "k" + std::to_string(i % 7);
    DispatchRequest request;
    request.topic = "T";
    request.keys = key;
    request.physical_offset = end + i * 100;
    request.stored = EpochMs(1700000000000 + i);
    if (request.physical_offset < PhysicalOffset(0)) return;
    REQUIRE(index.put(request).ok());
    const auto found = index.query("T", key, 1, EpochMs(INT64_MIN), EpochMs(INT64_MAX));
    REQUIRE(found.size() == 1 && found.front() == request.physical_offset);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  test::FuzzInput input(data, size);
  test::MemoryFileSystem fs;
  const IndexMark mark = mark_of(input);
  const EpochMs safe(input.byte() % 2 == 0 ? 0 : INT64_MAX);
  const Bytes rest = input.rest();
  std::vector<std::byte> content(rest.begin(), rest.end());
  content.resize(mark.geometry.file_bytes());
  fs.put(std::string(kDirectory) + "/" + std::to_string(kName), content);
  REQUIRE(IndexCheckpoint(fs, kCheckpoint).save(mark).ok());
  static const ManualClock kClock{EpochMs(1700000000000)};
  IndexService index(fs, kClock, {.directory = kDirectory, .checkpoint = kCheckpoint, .geometry = {3, 12}});
  if (!index.load(LastExit::kCrash, safe).ok()) return 0;
  REQUIRE(index.missing_from().has_value());
  put_and_find(index, index.end_offset());
  const Result<std::optional<IndexMark>> kept = index.mark();
  REQUIRE(kept.has_value() && (!*kept || index.keep(**kept).ok()));
  REQUIRE(index.truncate(PhysicalOffset(0)).ok());
  return 0;
}
