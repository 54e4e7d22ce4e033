#include <catch2/catch.hpp>
#include <filesystem>

#include "libstore/log/segment_scanner.h"
#include "libstore/message/record_layout.h"
#include "tests/unit/support/golden_store.h"

using namespace mqctl;
using namespace mqctl::test;

namespace {

struct Seen {
  ScanKind kind;
  uint64_t position, length;
  Damage damage;
  Tail tail;
  uint64_t nonzero_end;
};

std::vector<Seen> scan(SegmentReader& reader, CrcCheck check = CrcCheck::kBodyAndProperties,
                       Resync resync = Resync::kScanOn) {
  SegmentScanner scanner(reader, check, resync);
  std::vector<Seen> seen;
  ScanEvent event;
  while (true) {
    const Result<bool> more = scanner.next(event);
    REQUIRE(more.has_value());
    if (!*more) return seen;
    seen.push_back({event.kind, event.position, event.length, event.damage, event.tail, event.nonzero_bytes_end});
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
std::vector<std::byte> three_records(bool property_crc = false) {
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

const size_t kRecord = make_record({}).size();

}  // namespace

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

TEST_CASE("damage in the middle is named and stepped over") {
  std::vector<std::byte> bytes = three_records();
  const auto expect = [&](Damage damage, uint64_t length) {
    const std::vector<Seen> seen = OneSegment(bytes).scan_all();
    REQUIRE(seen.size() == 4);
    CHECK(seen[1].kind == ScanKind::kDamage);
    CHECK(seen[1].position == kRecord);
    CHECK(seen[1].length == length);
    CHECK(seen[1].damage == damage);
    CHECK(seen[2].kind == ScanKind::kRecord);
    CHECK(seen[2].damage == Damage::kNone);
    CHECK(seen[2].position == 2 * kRecord);
    CHECK(seen[3].kind == ScanKind::kTail);
    CHECK(seen[3].tail == Tail::kNeverWritten);
  };
  std::byte* second = bytes.data() + kRecord;
  SECTION("magic") {
    second[RecordLayout::kMagicAt] ^= std::byte{1};
    expect(Damage::kBadMagic, kRecord);
  }
  SECTION("a size a little too large") {
    second[3] = static_cast<std::byte>(std::to_integer<int>(second[3]) + 1);
    expect(Damage::kBadSize, kRecord);
  }
  SECTION("a size beyond the file") {
    second[0] = std::byte{0x7F};
    expect(Damage::kBadSize, kRecord);
  }
  SECTION("a negative size") {
    second[0] = std::byte{0x80};
    expect(Damage::kBadSize, kRecord);
  }
  SECTION("body") {
    second[RecordLayout::body_length_at(8, 8) + 4] ^= std::byte{1};
    expect(Damage::kBodyCrc, kRecord);
  }
  SECTION("physical offset") {
    second[RecordLayout::kPhysicalOffsetAt + 7] ^= std::byte{1};
    expect(Damage::kWrongOffset, kRecord);
  }
  SECTION("zeros") {
    std::fill(second, second + kRecord, std::byte{0});
    expect(Damage::kZeros, kRecord);
  }
  SECTION("noise") {
    std::fill(second, second + kRecord, std::byte{0xDA});
    expect(Damage::kBadMagic, kRecord);
  }
}

TEST_CASE("a property CRC that does not match is named") {
  std::vector<std::byte> bytes = three_records(true);
  const size_t size = make_record({.property_crc = true}).size();
  bytes[size + RecordLayout::kFlagAt] ^= std::byte{1};
  const OneSegment segment(bytes);
  const std::vector<Seen> seen = segment.scan_all();
  REQUIRE(seen.size() == 4);
  CHECK(seen[1].damage == Damage::kPropertyCrc);
  CHECK(seen[1].length == size);
  CHECK(segment.scan_all(CrcCheck::kBody)[1].kind == ScanKind::kRecord);
}

TEST_CASE("damage before the blank record does not swallow it") {
  std::vector<std::byte> bytes = three_records();
  bytes.resize(3 * kRecord);
  append_blank(bytes, 1024);
  bytes[2 * kRecord + 4] = std::byte{0};
  const std::vector<Seen> seen = OneSegment(bytes).scan_all();
  REQUIRE(seen.size() == 4);
  CHECK(seen[2].kind == ScanKind::kDamage);
  CHECK(seen[2].length == kRecord);
  CHECK(seen[3].kind == ScanKind::kBlank);
  CHECK(seen[3].position == 3 * kRecord);
}

TEST_CASE("what follows the last record is told apart") {
  std::vector<std::byte> bytes = three_records();
  const size_t end = 3 * kRecord;
  const auto tail = [&] {
    const std::vector<Seen> seen = OneSegment(bytes).scan_all();
    REQUIRE(seen.back().kind == ScanKind::kTail);
    CHECK(seen.back().position + seen.back().length == bytes.size());
    return seen.back();
  };
  SECTION("a torn record: head there, end not") {
    const std::vector<std::byte> record = make_record({.queue_offset = 3, .offset = static_cast<int64_t>(end)});
    std::copy_n(record.begin(), 60, bytes.begin() + static_cast<long>(end));
    CHECK(tail().tail == Tail::kTorn);
    CHECK(tail().position == end);
  }
  SECTION("the size alone was written") {
    bytes[end + 3] = std::byte{120};
    CHECK(tail().tail == Tail::kTorn);
    CHECK(tail().nonzero_end == end + 4);
  }
  SECTION("other bytes") {
    bytes[end + 20] = std::byte{7};
    CHECK(tail().tail == Tail::kStale);
    CHECK(tail().nonzero_end == end + 21);
  }
  SECTION("a cut inside the last record") {
    bytes.resize(end - 5);
    CHECK(tail().tail == Tail::kTorn);
    CHECK(tail().position == 2 * kRecord);
  }
  SECTION("a cut right behind a record") {
    bytes.resize(end);
    CHECK(tail().tail == Tail::kNeverWritten);
    CHECK(tail().length == 0);
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
