// Any bytes as a segment: the scan ends, its events cover the file without overlap, and with each CRC setting no byte
// outside is read.
#include "libstore/log/segment_scanner.h"
#include "tests/fuzz/memory_file_system.h"
#include "tests/fuzz/require.h"

using namespace mqctl;

namespace {

void scan(FileSystem& fs, size_t size, CrcCheck check, Resync resync) {
  const SegmentFile segment{"d/f", "f", PhysicalOffset(0), size};
  Result<SegmentReader> reader = SegmentReader::open(fs, segment);
  REQUIRE(reader.has_value());
  SegmentScanner scanner(*reader, check, resync);
  uint64_t expected = 0;
  for (ScanEvent event;;) {
    Result<bool> more = scanner.next(event);
    REQUIRE(more.has_value());
    if (!*more) break;
    REQUIRE(event.position == expected);
    REQUIRE(event.kind == ScanKind::kTail || event.length > 0);
    expected = event.position + event.length;
    REQUIRE(expected <= size);
  }
  REQUIRE(expected == size);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  test::MemoryFileSystem fs;
  fs.put("d/f", {reinterpret_cast<const std::byte*>(data), size});
  scan(fs, size, CrcCheck::kNone, Resync::kScanOn);
  scan(fs, size, CrcCheck::kBodyAndProperties, Resync::kScanOn);
  scan(fs, size, CrcCheck::kBody, Resync::kStopAtDamage);
  return 0;
}
