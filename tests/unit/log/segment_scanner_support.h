// A segment of one's own making, and all that SegmentScanner sees in it.
#pragma once

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "libstore/log/segment_scanner.h"
#include "libstore/message/record_layout.h"
#include "tests/unit/support/golden_store.h"

namespace mqctl::test {

struct Seen {
  ScanKind kind;
  uint64_t position, length;
  Damage damage;
  Tail tail;
  uint64_t nonzero_end;
  std::string detail;
};

inline std::vector<Seen> scan(SegmentReader& reader, CrcCheck check = CrcCheck::kBodyAndProperties,
                              Resync resync = Resync::kScanOn) {
  SegmentScanner scanner(reader, check, resync);
  std::vector<Seen> seen;
  ScanEvent event;
  while (true) {
    const Result<bool> more = scanner.next(event);
    REQUIRE(more.has_value());
    if (!*more) return seen;
    seen.push_back(
        {event.kind, event.position, event.length, event.damage, event.tail, event.nonzero_bytes_end, event.detail});
    REQUIRE(seen.size() < 100000);
  }
}

class OneSegment {
 public:
  explicit OneSegment(const std::vector<std::byte>& bytes, int64_t base = 0) {
    std::string name = std::to_string(base);
    name.insert(0, 20 - name.size(), '0');
    segment_ = {directory_.path() + "/" + name, name, PhysicalOffset(base), bytes.size()};
    write_file(segment_.path, bytes);
  }
  SegmentReader reader() const {
    Result<SegmentReader> opened = SegmentReader::open(posix_file_system(), segment_);
    REQUIRE(opened.has_value());
    return std::move(*opened);
  }
  std::vector<Seen> scan_all(CrcCheck check = CrcCheck::kBodyAndProperties, Resync resync = Resync::kScanOn) const {
    SegmentReader opened = reader();
    return scan(opened, check, resync);
  }
  const std::string& path() const { return segment_.path; }

 private:
  TemporaryDirectory directory_;
  SegmentFile segment_;
};

// Three records of 103 bytes, then zeros up to 1 KiB.
inline std::vector<std::byte> three_records(bool property_crc = false) {
  std::vector<std::byte> bytes;
  for (int64_t i = 0; i < 3; ++i) {
    RecordSpec spec;
    spec.queue_offset = i;
    spec.offset = static_cast<int64_t>(bytes.size());
    spec.property_crc = property_crc;
    append(bytes, make_record(spec));
  }
  bytes.resize(1024);
  return bytes;
}

inline const size_t kRecord = make_record({}).size();

}  // namespace mqctl::test
