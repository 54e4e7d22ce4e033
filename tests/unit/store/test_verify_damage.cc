// Each class of finding, made by one deliberate edit of a golden store: that finding, at that place and length, and
// nothing else.
#include <catch2/catch.hpp>
#include <filesystem>

#include "libstore/message/record_layout.h"
#include "tests/unit/store/verify_support.h"

using namespace mqctl;
using namespace mqctl::test;

namespace {

const std::string kLog = segment(0);

std::string found(const GoldenStore& store, VerifyLevel level = VerifyLevel::kIndex) {
  const std::string one = brief(verified(store, level, 1));
  CHECK(brief(verified(store, level, 2)) == one);
  return one;
}

// A record of the mixed store with a segment of many around it.
struct Target {
  GoldenStore store{"apache-5.5.0-mixed"};
  const GoldenRecord& record = store.record("Orders", 3, 20);
  std::string file = "commitlog/" + record.file;
  uint64_t position = record.position();
  uint64_t size = static_cast<uint64_t>(record.size);
};

}  // namespace

TEST_CASE("damage inside the log") {
  Target t;
  SECTION("a body byte") {
    t.store.flip(t.file, t.position + 90);
    CHECK(found(t.store) == line("body-crc", t.file, t.position, t.size));
    CHECK(found(t.store, VerifyLevel::kFrame) == "");
    const Finding finding = verified(t.store, VerifyLevel::kCrc).findings.at(0);
    CHECK(finding.offset == PhysicalOffset(t.record.offset));
    CHECK(finding.detail.find("(Orders queue 3, queue offset 20)") != std::string::npos);
    CHECK(finding.impact == "not read at a broker's start; consumers get the message with another body");
  }
  SECTION("the magic code") {
    t.store.flip(t.file, t.position + 4);
    CHECK(found(t.store) == line("bad-magic", t.file, t.position, t.size));
  }
  SECTION("the size") {
    t.store.flip(t.file, t.position + 3);
    CHECK(found(t.store) == line("bad-size", t.file, t.position, t.size));
  }
  SECTION("the physical offset") {
    t.store.flip(t.file, t.position + 35);
    CHECK(found(t.store) == line("wrong-offset", t.file, t.position, t.size));
  }
  SECTION("a record zeroed") {
    t.store.zero(t.file, t.position, t.size);
    CHECK(found(t.store) == line("gap", t.file, t.position, t.size));
  }
  SECTION("a page of noise") {
    t.store.write(t.file, t.position, std::vector<std::byte>(t.size, std::byte{0x5A}));
    CHECK(found(t.store) == line("bad-magic", t.file, t.position, t.size));
  }
  SECTION("the blank record gone") {
    const uint64_t blank = 261419;
    t.store.zero(segment(1835008), blank, 8);
    CHECK(found(t.store) == line("blank-missing", segment(1835008), blank, 262144 - blank));
  }
  SECTION("the blank record's number") {
    t.store.flip(segment(1835008), 261419 + 3);
    CHECK(found(t.store) == line("bad-size", segment(1835008), 261419, 8));
  }
}

TEST_CASE("the impact of damage where a start reads counts what would be lost") {
  const GoldenStore store("tiny-5.5.0");
  store.flip(kLog, 268 + 90);
  const VerifyReport report = verified(store, VerifyLevel::kCrc);
  REQUIRE(brief(report) == line("body-crc", kLog, 268, 278));
  CHECK(report.findings[0].impact == "a broker ends the log here at its next start; 1 message behind it would be lost");
}

TEST_CASE("a property byte under a CRC appendix") {
  const TemporaryDirectory directory;
  std::vector<std::byte> bytes;
  for (int64_t i = 0; i < 3; ++i) {
    RecordSpec spec;
    spec.queue_offset = i;
    spec.offset = static_cast<int64_t>(bytes.size());
    spec.property_crc = true;
    spec.properties =
        "a\x01"
        "b\x02";
    append(bytes, make_record(spec));
  }
  const size_t size = bytes.size() / 3;
  bytes.resize(4096);
  bytes[2 * size - 22] ^= std::byte{1};
  write_file(directory.path() + "/" + kLog, bytes);
  CHECK(brief(verified(directory.path())) == line("prop-crc", kLog, size, size));
}

TEST_CASE("segments missing, renamed, cut, grown, and strays beside them") {
  Target t;
  const std::string next = segment(t.record.offset / 262144 * 262144 + 262144);
  SECTION("removed") {
    t.store.remove(t.file);
    CHECK(found(t.store) == line("gap", next, 0, 262144));
    CHECK(verified(t.store, VerifyLevel::kCrc).findings[0].offset == PhysicalOffset(std::stoll(t.record.file)));
  }
  SECTION("renamed away") {
    t.store.rename(t.file, t.file + ".bak");
    CHECK(found(t.store) == line("gap", next, 0, 262144) + line("stray-file", t.file + ".bak", 0, 262144));
  }
  SECTION("cut inside a record") {
    t.store.resize(t.file, t.position + 50);
    CHECK(found(t.store) == line("short-file", t.file, t.position + 50, 262144 - t.position - 50));
  }
  SECTION("cut behind a record") {
    t.store.resize(t.file, t.position);
    CHECK(found(t.store) == line("short-file", t.file, t.position, 262144 - t.position));
  }
  SECTION("the last one cut in its unused part") {
    t.store.resize(segment(3145728), 100000);
    CHECK(found(t.store) == line("short-file", segment(3145728), 100000, 162144));
  }
  SECTION("grown") {
    t.store.resize(t.file, 262144 + 4096);
    CHECK(found(t.store) == line("oversized-file", t.file, 262144, 4096));
  }
  SECTION("a stray file") {
    t.store.create("commitlog/notes.txt", "hello");
    CHECK(found(t.store) == line("stray-file", "commitlog/notes.txt", 0, 5));
  }
  SECTION("a link to nowhere") {
    std::filesystem::create_symlink("nowhere", t.store.path("commitlog/00000000000009999999"));
    CHECK(found(t.store) == line("stray-file", "commitlog/00000000000009999999", 0, 0));
  }
  SECTION("a link to a segment is a segment") {
    t.store.rename(t.file, "elsewhere");
    std::filesystem::create_symlink(t.store.path("elsewhere"), t.store.path(t.file));
    CHECK(found(t.store) == "");
  }
  SECTION("a directory is passed over") {
    std::filesystem::create_directory(t.store.path("commitlog/old"));
    CHECK(found(t.store) == "");
  }
}

TEST_CASE("behind the last record of a store that was closed cleanly") {
  const GoldenStore store("tiny-5.5.0");
  SECTION("noise") {
    store.write(kLog, 783, {1, 2, 3, 4, 5, 6, 7, 8, 9});
    CHECK(found(store) == line("stale-bytes", kLog, 783, 9));
  }
  SECTION("a record that belongs elsewhere") {
    const std::vector<std::byte> stale = make_record({.offset = 99999});
    store.write(kLog, 783, stale);
    CHECK(found(store) == line("stale-bytes", kLog, 783, stale.size()));
  }
  SECTION("the beginning of a record") {
    const std::vector<std::byte> record = make_record({.offset = 783});
    store.write(kLog, 783, Bytes(record).first(70));
    const uint64_t nonzero = 70;
    CHECK(found(store).starts_with("torn-tail " + kLog + " at 783 + "));
    CHECK(verified(store, VerifyLevel::kCrc).findings[0].length <= nonzero);
  }
  SECTION("the last record torn") {
    store.zero(kLog, 546 + 80, 157);
    const VerifyReport report = verified(store, VerifyLevel::kIndex);
    REQUIRE(report.findings.size() == 1);
    CHECK(report.findings[0].kind == FindingClass::kTornTail);
    CHECK(report.findings[0].position == 546);
  }
  SECTION("the last record's magic: the queue knows it") {
    store.flip(kLog, 546 + 4);
    CHECK(found(store) == line("bad-magic", kLog, 546, 237));
  }
  SECTION("the last record's offset: the queue knows it") {
    store.flip(kLog, 546 + 35);
    CHECK(found(store) == line("wrong-offset", kLog, 546, 237));
  }
}

TEST_CASE("consume queues") {
  Target t;
  const std::string queue = queue_file("Orders", 3, 0);
  const uint64_t unit = 20 * 20;
  SECTION("a unit zeroed") {
    t.store.zero(queue, unit, 20);
    CHECK(found(t.store) == line("cq-missing", queue, unit, 20));
    CHECK(found(t.store, VerifyLevel::kCrc) == "");
    const Finding finding = verified(t.store, VerifyLevel::kIndex).findings.at(0);
    CHECK(finding.offset == PhysicalOffset(t.record.offset));
    CHECK(finding.queue_offset == QueueOffset(20));
    CHECK(finding.impact == "consumers of Orders queue 3 cannot get queue offset 20");
  }
  SECTION("a unit that points elsewhere") {
    t.store.flip(queue, unit + 7);
    CHECK(found(t.store) == line("cq-mismatch", queue, unit, 20));
  }
  SECTION("a unit with another size") {
    t.store.flip(queue, unit + 11);
    CHECK(found(t.store) == line("cq-mismatch", queue, unit, 20));
  }
  SECTION("a unit with another tags code") {
    t.store.flip(queue, unit + 19);
    CHECK(found(t.store) == line("cq-mismatch", queue, unit, 20));
  }
  SECTION("an extension address is not compared") {
    t.store.write(queue, unit + 12, {0x80, 0, 0, 0, 0, 0, 0, 5});
    CHECK(found(t.store) == "");
  }
  SECTION("a queue that is gone") {
    t.store.remove("consumequeue/Orders/3");
    const VerifyReport report = verified(t.store, VerifyLevel::kIndex);
    REQUIRE(report.findings.size() == 1);
    CHECK(report.findings[0].kind == FindingClass::kCqMissing);
    CHECK(report.findings[0].queue_offset == QueueOffset(0));
    CHECK(report.findings[0].count > 50);
  }
  SECTION("the last unit gone") {
    const GoldenStore tiny("tiny-5.5.0");
    tiny.zero(queue_file("Tiny", 0, 0), 20, 20);
    CHECK(found(tiny) == line("cq-missing", queue_file("Tiny", 0, 0), 20, 20));
    tiny.create("abort", "");
    CHECK(found(tiny) == "");
  }
  SECTION("a unit too many") {
    const GoldenStore tiny("tiny-5.5.0");
    std::vector<std::byte> bytes(20);
    ConsumeQueueUnit{PhysicalOffset(268), 278, 0}.store(bytes.data());
    tiny.write(queue_file("Tiny", 0, 0), 40, bytes);
    CHECK(found(tiny) == line("cq-dangling", queue_file("Tiny", 0, 0), 40, 20));
  }
  SECTION("a file cut") {
    t.store.resize(queue, unit + 5);
    CHECK(found(t.store) == line("short-file", queue, unit + 5, 2000 - unit - 5));
  }
  SECTION("a file grown") {
    t.store.resize(queue, 2020);
    CHECK(found(t.store) == line("oversized-file", queue, 2000, 20));
  }
  SECTION("a stray file") {
    t.store.create("consumequeue/Orders/3/x.tmp", "");
    CHECK(found(t.store) == line("stray-file", "consumequeue/Orders/3/x.tmp", 0, 0));
  }
}

TEST_CASE("after a crash units are missed where no broker's next start comes back to their records") {
  const GoldenStore store("apache-5.3.3-kill9");
  const std::string early = queue_file("Orders", 1, 0), late = queue_file("Kill", 2, 2000);
  SECTION("before the checkpoint's place") {
    store.zero(early, 14 * 20, 5 * 20);
    CHECK(brief(verified(store, VerifyLevel::kIndex)) == "cq-missing " + early + " at 280 + 100 x 5\n");
  }
  SECTION("behind it: they are added") {
    store.zero(late, 18 * 20, 10 * 20);
    const VerifyReport report = verified(store, VerifyLevel::kIndex);
    CHECK(brief(report).empty());
    REQUIRE_FALSE(report.notes.empty());
    CHECK(report.notes[0].find("10 units behind the log") != std::string::npos);
  }
}

TEST_CASE("the key index") {
  const GoldenStore store("tiny-5.5.0");
  const auto listing = list_index_files(posix_file_system(), store.path("index"));
  REQUIRE(listing.has_value());
  REQUIRE(listing->paths.size() == 1);
  const std::string file = "index/" + base_name(listing->paths[0]);
  const IndexGeometry geometry{100, 400};
  const auto entry = [&](uint32_t number) { return geometry.entry_at(number); };
  const auto broken = [&] { return found(store).substr(0, ("index-broken " + file + " at ").size()); };
  const std::string expected = "index-broken " + file + " at ";
  SECTION("a chain") {
    store.write(file, entry(3) + 16, {0, 0, 0, 1});
    CHECK(found(store) == line("index-broken", file, entry(3) + 16, 4));
  }
  SECTION("a slot") {
    store.write(file, geometry.slot_at(0), {0, 0, 0, 1});
    CHECK(broken() == expected);
  }
  SECTION("the header's counter of slots") {
    store.flip(file, 35);
    CHECK(found(store) == line("index-broken", file, 32, 4));
  }
  SECTION("the header's counter of entries, beyond the file") {
    store.write(file, 36, {0, 0, 0x40, 0});
    CHECK(found(store).find(expected) != std::string::npos);
  }
  SECTION("an entry's time") {
    store.flip(file, entry(2) + 15);
    CHECK(found(store) == line("index-broken", file, entry(2) + 12, 4));
  }
  SECTION("an entry that points elsewhere") {
    store.flip(file, entry(2) + 11);
    const std::string findings = found(store);
    CHECK(findings.find("index-dangling " + file + " at " + std::to_string(entry(2))) != std::string::npos);
  }
  SECTION("a file that is gone") {
    const GoldenStore mixed("apache-5.5.0-mixed");
    const auto files = list_index_files(posix_file_system(), mixed.path("index"));
    REQUIRE(files.has_value());
    REQUIRE(posix_file_system().remove(files->paths[1]).ok());
    const VerifyReport report = verified(mixed, VerifyLevel::kIndex);
    REQUIRE_FALSE(report.findings.empty());
    for (const Finding& finding : report.findings) CHECK(finding.kind == FindingClass::kIndexMissing);
    CHECK(report.findings[0].count > 50);
  }
  SECTION("a file cut") {
    const GoldenStore mixed("apache-5.5.0-mixed");
    const auto files = list_index_files(posix_file_system(), mixed.path("index"));
    const std::string second = "index/" + base_name(files->paths[1]);
    mixed.resize(second, 5000);
    CHECK(found(mixed) == line("short-file", second, 5000, 3440));
  }
  SECTION("a stray beside it is passed over") {
    store.create("index/readme.txt", "x");
    CHECK(found(store) == "");
  }
}
