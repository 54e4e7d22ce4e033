// SegmentScanner: damage is named, and so is what follows the last record.
#include "tests/unit/log/segment_scanner_support.h"

using namespace mqctl;
using namespace mqctl::test;

TEST_CASE("damage in the middle is named and stepped over") {
  const std::string kSizes = "lengths that contradict each other: size field ";
  std::vector<std::byte> bytes = three_records();
  const auto expect = [&](Damage damage, const std::string& detail) {
    const std::vector<Seen> seen = OneSegment(bytes).scan_all();
    REQUIRE(seen.size() == 4);
    CHECK(seen[1].kind == ScanKind::kDamage);
    CHECK(seen[1].position == kRecord);
    CHECK(seen[1].length == kRecord);
    CHECK(seen[1].damage == damage);
    CHECK_THAT(seen[1].detail, Catch::StartsWith(detail));
    CHECK(seen[2].kind == ScanKind::kRecord);
    CHECK(seen[2].damage == Damage::kNone);
    CHECK(seen[2].position == 2 * kRecord);
    CHECK(seen[3].kind == ScanKind::kTail);
    CHECK(seen[3].tail == Tail::kNeverWritten);
  };
  std::byte* second = bytes.data() + kRecord;
  SECTION("magic") {
    second[RecordLayout::kMagicAt] ^= std::byte{1};
    expect(Damage::kBadMagic, "bad magic 0x");
  }
  SECTION("a size a little too large") {
    second[3] = static_cast<std::byte>(std::to_integer<int>(second[3]) + 1);
    expect(Damage::kBadSize, kSizes + std::to_string(kRecord + 1));
  }
  SECTION("a size beyond the file") {
    second[0] = std::byte{0x7F};
    expect(Damage::kBadSize, kSizes + std::to_string(0x7F000000 + kRecord));
  }
  SECTION("a negative size") {
    second[0] = std::byte{0x80};
    expect(Damage::kBadSize, kSizes + std::to_string(INT32_MIN + static_cast<int64_t>(kRecord)));
  }
  SECTION("body") {
    second[RecordLayout::body_length_at(8, 8) + 4] ^= std::byte{1};
    expect(Damage::kBodyCrc, "body CRC is ");
  }
  SECTION("physical offset") {
    second[RecordLayout::kPhysicalOffsetAt + 7] ^= std::byte{1};
    expect(Damage::kWrongOffset, "a record that belongs to commit-log offset ");
  }
  SECTION("zeros") {
    std::fill(second, second + kRecord, std::byte{0});
    expect(Damage::kZeros, "zero bytes between records");
  }
  SECTION("noise") {
    std::fill(second, second + kRecord, std::byte{0xDA});
    expect(Damage::kBadMagic, "bad magic 0x");
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
  CHECK_THAT(seen[1].detail, Catch::Contains("__CRC32#"));
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
    CHECK(tail().damage == Damage::kBadSize);
    CHECK(tail().position == end);
  }
  SECTION("the size alone was written") {
    bytes[end + 3] = std::byte{120};
    CHECK(tail().tail == Tail::kTorn);
    CHECK(tail().nonzero_end == end + 4);
  }
  SECTION("a size alone that is the smallest") {
    bytes[end + 3] = std::byte{RecordLayout::kMinBytes};
    CHECK(tail().tail == Tail::kTorn);
  }
  SECTION("a size alone that no record has") {
    bytes[end + 3] = std::byte{RecordLayout::kMinBytes - 1};
    CHECK(tail().tail == Tail::kStale);
  }
  SECTION("a size with other bytes behind it than a magic") {
    bytes[end + 3] = std::byte{120};
    bytes[end + 20] = std::byte{7};
    CHECK(tail().tail == Tail::kStale);
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
