#include <catch2/catch.hpp>
#include <thread>

#include "libstore/store/verifier.h"
#include "tests/unit/store/verify_support.h"

using namespace mqctl;
using namespace mqctl::test;

TEST_CASE("no golden store has a finding, whatever the level, the jobs and the tail policy") {
  for (const char* name : kGoldenSets) {
    const GoldenStore store(name);
    const auto records = std::count_if(store.records().begin(), store.records().end(),
                                       [](const GoldenRecord& record) { return !record.blank; });
    for (const VerifyLevel level : {VerifyLevel::kFrame, VerifyLevel::kCrc, VerifyLevel::kIndex}) {
      for (const unsigned jobs : {1u, 2u}) {
        INFO(name << " level " << static_cast<int>(level) << " jobs " << jobs);
        const VerifyReport report = verified(store, level, jobs);
        CHECK(brief(report) == "");
        CHECK(report.findings_total == 0);
        CHECK(report.complete);
        CHECK(report.messages == static_cast<uint64_t>(records));
        CHECK(report.log_end == PhysicalOffset(store.end()));
        CHECK(report.level == level);
      }
    }
  }
}

TEST_CASE("a commit-log directory and a segment are checked without a store") {
  const GoldenStore store("apache-5.5.0-mixed");
  VerifyOptions options;
  options.level = VerifyLevel::kIndex;
  const VerifyReport log = verified(store.path("commitlog"), options);
  CHECK(brief(log) == "");
  CHECK(log.level == VerifyLevel::kCrc);
  CHECK(log.notes.size() == 1);
  for (const SegmentUsage& usage : log.usage) {
    INFO(usage.file);
    CHECK(brief(verified(usage.file, options)) == "");
  }
}

TEST_CASE("a store whose first segments and queue files are gone is sound") {
  const GoldenStore store("apache-5.5.0-mixed");
  for (int64_t base = 0; base < 9 * 262144; base += 262144) store.remove(segment(base));
  const VerifyReport report = verified(store, VerifyLevel::kIndex);
  CHECK(brief(report) == "");
  CHECK(report.log_begin == PhysicalOffset(9 * 262144));
}

TEST_CASE("a store without index, and one whose old index files are gone, is sound") {
  const GoldenStore store("apache-5.5.0-mixed");
  const auto listing = list_index_files(posix_file_system(), store.path("index"));
  REQUIRE(listing.has_value());
  REQUIRE(listing->paths.size() > 2);
  REQUIRE(posix_file_system().remove(listing->paths[0]).ok());
  CHECK(brief(verified(store, VerifyLevel::kIndex)) == "");
  store.remove("index");
  CHECK(brief(verified(store, VerifyLevel::kIndex)) == "");
}

TEST_CASE("a crash leaves tails, in log, queues and index, and segments made ahead") {
  const GoldenStore store("apache-5.3.3-kill9");
  const uint64_t end = static_cast<uint64_t>(store.end() - 3 * 262144);
  store.write(segment(3 * 262144), end, {0, 0, 0, 200, 0xDA, 0xA3, 0x20, 0xA7, 1, 2, 3});
  const std::string queue = queue_file("Kill", 0, 2000);
  const std::vector<std::byte> units = store.read(queue);
  size_t last = units.size();
  while (units[last - 1] == std::byte{0}) --last;
  store.zero(queue, last / 20 * 20 - 60, 80);
  const VerifyReport lenient = verified(store, VerifyLevel::kIndex);
  CHECK(brief(lenient) == "");
  CHECK(lenient.notes.size() >= 2);
  const VerifyReport strict = verified(store, VerifyLevel::kIndex, 1, TailPolicy::kStrict);
  REQUIRE(strict.findings.size() == 2);
  CHECK(strict.findings[0].kind == FindingClass::kTornTail);
  CHECK(strict.findings[0].position == end);
  CHECK(strict.findings[0].length == 11);
  CHECK(strict.findings[1].kind == FindingClass::kCqMissing);
}

TEST_CASE("records left from before a truncation are a tail, not damage") {
  const GoldenStore store("apache-5.3.3-kill9");
  const std::string last = segment(3 * 262144);
  const uint64_t end = static_cast<uint64_t>(store.end() - 3 * 262144);
  std::vector<std::byte> stale(30, std::byte{0x42});  // the rest of a record that was written over
  for (int i = 0; i < 3; ++i) {
    RecordSpec spec;
    spec.queue_offset = i;
    spec.offset = store.end() + static_cast<int64_t>(stale.size());
    append(stale, make_record(spec));
  }
  store.write(last, end, stale);
  const VerifyReport report = verified(store, VerifyLevel::kIndex);
  CHECK(brief(report) == "");
  CHECK(report.messages == 725);
  CHECK(report.log_end == PhysicalOffset(store.end()));
  store.remove("abort");
  const VerifyReport clean = verified(store, VerifyLevel::kCrc);
  CHECK(brief(clean) == line("stale-bytes", last, end, stale.size()));
}

TEST_CASE("what a segment holds is said by ranges") {
  const GoldenStore store("tiny-5.5.0");
  store.write(segment(0), 272, {0});
  const VerifyReport report = verified(store, VerifyLevel::kCrc);
  REQUIRE(report.usage.size() == 1);
  const std::vector<UsageRange>& ranges = report.usage[0].ranges;
  REQUIRE(ranges.size() == 4);
  CHECK(ranges[0].usage == Usage::kUsed);
  CHECK(ranges[1].usage == Usage::kDamaged);
  CHECK(ranges[1].begin == 268);
  CHECK(ranges[1].end == 546);
  CHECK(ranges[3].usage == Usage::kNeverWritten);
  CHECK(ranges[3].end == 65536);
}

TEST_CASE("findings can be limited, and what was left out is counted") {
  const GoldenStore store("apache-5.5.0-mixed");
  std::string all;
  for (const int64_t queue_offset : {1, 3, 5, 7}) {
    const GoldenRecord& record = store.record("Orders", 3, queue_offset);
    store.flip(segment(record.offset - static_cast<int64_t>(record.position())), record.position() + 4);
  }
  VerifyOptions options;
  options.max_findings = 2;
  for (const unsigned jobs : {1u, 2u}) {
    options.jobs = jobs;
    const VerifyReport report = verified(store.root(), options);
    CHECK(report.findings.size() == 2);
    CHECK(report.findings_total == 4);
    CHECK(report.findings[0].offset == PhysicalOffset(store.record("Orders", 3, 1).offset));
  }
  options.stop_at_first = true;
  const VerifyReport first = verified(store.root(), options);
  CHECK(first.findings.size() == 1);
  CHECK_FALSE(first.complete);
}

TEST_CASE("progress reaches the whole, and a run can be cancelled") {
  const GoldenStore store("apache-5.5.0-mixed");
  uint64_t last = 0, whole = 0;
  VerifyOptions options;
  options.level = VerifyLevel::kIndex;
  options.on_progress = [&](uint64_t done, uint64_t total) {
    CHECK(done >= last);
    last = done;
    whole = total;
  };
  CHECK(verified(store.root(), options).complete);
  CHECK(last == whole);
  options.on_progress = {};
  const std::atomic<bool> cancel{true};
  options.cancel = &cancel;
  CHECK_FALSE(verified(store.root(), options).complete);
}

TEST_CASE("a log that is being written is sound at every moment") {
  const TemporaryDirectory directory;
  const std::string log = directory.path() + "/commitlog/00000000000000000000";
  std::vector<std::byte> bytes;
  while (bytes.size() < 900000) append(bytes, make_record({.offset = static_cast<int64_t>(bytes.size())}));
  std::vector<std::byte> whole(1u << 20);
  write_file(log, whole);
  write_file(directory.path() + "/abort", as_bytes("1"));
  std::atomic<bool> done{false};
  std::thread writer([&] {
    Result<std::unique_ptr<File>> file = posix_file_system().open(log, OpenMode::kReadWrite);
    for (size_t at = 0; at < bytes.size(); at += 97) {
      const size_t size = std::min<size_t>(97, bytes.size() - at);
      (void)(*file)->write_at(at, Bytes(bytes).subspan(at, size));
    }
    done = true;
  });
  while (!done) CHECK(brief(verified(directory.path())) == "");
  writer.join();
  CHECK(brief(verified(directory.path())) == "");
}
