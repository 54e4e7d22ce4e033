#include <filesystem>

#include "tests/unit/log/segment_scanner_support.h"

using namespace mqctl;
using namespace mqctl::test;

TEST_CASE("every golden log is scanned as Apache's decoder lists it") {
  for (const char* name : kGoldenSets) {
    INFO(name);
    const GoldenStore store(name);
    const Result<SegmentList> list = list_segments(posix_file_system(), {store.path("commitlog")});
    REQUIRE(list.has_value());
    size_t next = 0;
    for (const SegmentFile& segment : list->segments) {
      Result<SegmentReader> reader = SegmentReader::open(posix_file_system(), segment);
      REQUIRE(reader.has_value());
      for (const Seen& seen : scan(*reader)) {
        if (seen.kind == ScanKind::kTail) {
          CHECK(seen.tail == Tail::kNeverWritten);
          continue;
        }
        REQUIRE(next < store.records().size());
        const GoldenRecord& expected = store.records()[next++];
        REQUIRE(seen.position == expected.position());
        REQUIRE(segment.name == expected.file);
        REQUIRE((seen.kind == ScanKind::kBlank) == expected.blank);
        REQUIRE(seen.length == static_cast<uint64_t>(expected.size));
      }
    }
    CHECK(next == store.records().size());
  }
}

TEST_CASE("a record inside another one's body is not a record") {
  const std::vector<std::byte> inner = make_record({});
  std::vector<std::byte> bytes = make_record({.body = as_text(inner)});
  const size_t outer = bytes.size();
  append(bytes, make_record({.queue_offset = 1, .offset = static_cast<int64_t>(outer)}));
  bytes[4] = std::byte{0};
  const std::vector<Seen> seen = OneSegment(bytes).scan_all();
  REQUIRE(seen.size() == 3);
  CHECK(seen[0].kind == ScanKind::kDamage);
  CHECK(seen[0].length == outer);
  CHECK(seen[1].kind == ScanKind::kRecord);
}

TEST_CASE("records longer than the window, and lies about such") {
  const size_t body = 5u << 20;
  std::vector<std::byte> bytes = make_record({.body_bytes = body});
  const size_t first = bytes.size();
  append(bytes, make_record({.queue_offset = 1, .offset = static_cast<int64_t>(first)}));
  SECTION("sound") {
    const std::vector<Seen> seen = OneSegment(bytes).scan_all();
    REQUIRE(seen.size() == 3);
    CHECK(seen[0].length == first);
    CHECK(seen[1].position == first);
  }
  SECTION("damaged at its far end") {
    bytes[first - 4] = std::byte{0x55};
    const std::vector<Seen> seen = OneSegment(bytes).scan_all();
    REQUIRE(seen.size() == 3);
    CHECK(seen[0].damage == Damage::kBadSize);
    CHECK(seen[0].length == first);
  }
}

TEST_CASE("resync finds a record wherever it lies to the search windows") {
  for (size_t gap = (256u << 10) - 12; gap < (256u << 10) + 12; ++gap) {
    std::vector<std::byte> bytes(gap, std::byte{0xCB});
    append(bytes, make_record({.offset = static_cast<int64_t>(gap)}));
    const std::vector<Seen> seen = OneSegment(bytes).scan_all();
    REQUIRE(seen.size() == 3);
    REQUIRE(seen[0].length == gap);
  }
}

TEST_CASE("a follower stops where no sound record is") {
  std::vector<std::byte> bytes = three_records();
  bytes[kRecord + 4] = std::byte{0};
  const std::vector<Seen> seen = OneSegment(bytes).scan_all(CrcCheck::kBody, Resync::kStopAtDamage);
  REQUIRE(seen.size() == 2);
  CHECK(seen[1].kind == ScanKind::kTail);
  CHECK(seen[1].position == kRecord);
}

TEST_CASE("a file that shrinks while it is read ends early") {
  std::vector<std::byte> bytes;
  while (bytes.size() < (2u << 20)) {
    append(bytes, make_record({.offset = static_cast<int64_t>(bytes.size()), .body_bytes = 1000}));
  }
  const OneSegment segment(bytes);
  SegmentReader reader = segment.reader();
  SegmentScanner scanner(reader, CrcCheck::kBody, Resync::kScanOn);
  ScanEvent event;
  REQUIRE(scanner.next(event).has_value());
  std::filesystem::resize_file(segment.path(), 700000);
  bool more = true;
  while (more) {
    const Result<bool> next = scanner.next(event);
    REQUIRE(next.has_value());
    more = *next;
  }
  CHECK(event.kind == ScanKind::kTail);
  CHECK(reader.end() == 700000);
}

TEST_CASE("every cut of the tiny log ends in a tail and keeps the records before it") {
  const GoldenStore store("tiny-5.5.0");
  std::vector<std::byte> bytes = store.read("commitlog/00000000000000000000");
  for (size_t cut = 0; cut <= 800; ++cut) {
    const std::vector<std::byte> part(bytes.begin(), bytes.begin() + static_cast<long>(cut));
    const std::vector<Seen> seen = OneSegment(part).scan_all();
    const size_t whole = static_cast<size_t>((cut >= 268) + (cut >= 546) + (cut >= 783));
    REQUIRE(seen.size() == whole + 1);
    REQUIRE(seen.back().kind == ScanKind::kTail);
  }
}
