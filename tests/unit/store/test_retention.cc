// CleanCommitLogService: behaviours 85 and 87 to 90 of Apache's DefaultMessageStoreCleanFilesTest, with a file system
// that is as full as the test says. What is deleted with the segments (86) is tested with the store.
#include <catch2/catch.hpp>
#include <cstdlib>
#include <ctime>
#include <vector>

#include "libstore/store/retention.h"

using namespace mqctl;

namespace {

constexpr int64_t kHour = 3600 * 1000;
constexpr EpochMs kMidnight{1767312000000};  // 2026-01-02T00:00:00Z

class DiskOf final : public FileSystem {
 public:
  explicit DiskOf(int used_percent) : used_percent_(used_percent) {}
  void set_used(int percent) { used_percent_ = percent; }
  void set_reserved(uint64_t bytes) { reserved_ = bytes; }

  Result<SpaceInfo> space(const std::string& path) override {
    if (path == "gone") return Status::error(Errc::kNotFound, "no such directory");
    const int used = path == "nearly-empty" ? 1 : used_percent_;
    if (reserved_ > 0) return SpaceInfo{1000 + reserved_, static_cast<uint64_t>(1000 - 10 * used), reserved_};
    return SpaceInfo{.total_bytes = 1000, .available_bytes = static_cast<uint64_t>(1000 - 10 * used)};
  }
  Result<std::unique_ptr<File>> open(const std::string&, OpenMode) override { return unexpected(); }
  Result<FileStat> stat(const std::string&) override { return unexpected(); }
  Result<std::vector<DirectoryEntry>> list(const std::string&) override { return unexpected(); }
  Status create_directories(const std::string&) override { return unexpected(); }
  Status rename(const std::string&, const std::string&) override { return unexpected(); }
  Status remove(const std::string&) override { return unexpected(); }
  Status sync_directory(const std::string&) override { return unexpected(); }

 private:
  static Status unexpected() { return Status::error(Errc::kUnsupported, "not for this test"); }
  int used_percent_;
  uint64_t reserved_ = 0;
};

// Fifteen old segments and five new ones, of which the last never goes.
struct Segments {
  std::vector<int64_t> modified = std::vector<int64_t>(15, 0);
  explicit Segments(EpochMs now) { modified.insert(modified.end(), 5, now.value()); }
  Result<int> remove(EpochMs at_most, int limit) {
    int removed = 0;
    while (removed < limit && modified.size() > 1 && modified.front() <= at_most.value()) {
      modified.erase(modified.begin());
      ++removed;
    }
    return removed;
  }
};

struct Cleaning {
  explicit Cleaning(int hour, int used_percent, RetentionOptions options = {})
      : disk(used_percent),
        clock(kMidnight + hour * kHour),
        segments(clock.now()),
        service(disk, clock, options, {"commitlog", "nearly-empty", "gone"},
                [this](EpochMs at_most, int limit) { return segments.remove(at_most, limit); }) {}
  int pass() {
    Result<RetentionPass> pass = service.run();
    REQUIRE(pass.has_value());
    return pass->segments_deleted;
  }
  DiskOf disk;
  ManualClock clock;
  Segments segments;
  CleanCommitLogService service;
};

struct InUtc {
  InUtc() {
    ::setenv("TZ", "UTC", 1);
    ::tzset();
  }
} const in_utc;

}  // namespace

TEST_CASE("behaviour 85: in the hour of deleteWhen old segments go, ten a pass") {
  Cleaning cleaning(4, 20);
  CHECK(cleaning.pass() == 10);
  CHECK(cleaning.pass() == 5);
  CHECK(cleaning.pass() == 0);
  CHECK(cleaning.segments.modified.size() == 5);
}

TEST_CASE("behaviour 85: in another hour nothing goes") {
  Cleaning cleaning(5, 20);
  CHECK(cleaning.pass() == 0);
}

TEST_CASE("behaviour 85: what is younger than fileReservedTime stays, to the millisecond") {
  RetentionOptions options;
  options.reserved = std::chrono::hours(1);
  Cleaning cleaning(4, 20, options);
  for (int64_t& modified : cleaning.segments.modified) modified = (cleaning.clock.now() - kHour + 1).value();
  CHECK(cleaning.pass() == 0);
  cleaning.clock.advance_ms(1);
  CHECK(cleaning.pass() == 10);
}

TEST_CASE("behaviour 87: above diskMaxUsedSpaceRatio old segments go in any hour") {
  Cleaning cleaning(5, 76);
  CHECK(cleaning.pass() == 10);
  CHECK(cleaning.pass() == 5);
  CHECK(cleaning.pass() == 0);
  cleaning.disk.set_used(75);
  CHECK(cleaning.service.run()->cause == RetentionCause::kNone);
}

TEST_CASE("behaviour 88: above the forced ratio segments go whether old or not, but for the last") {
  Cleaning cleaning(5, 86);
  CHECK(cleaning.pass() == 10);
  CHECK(cleaning.pass() == 9);
  CHECK(cleaning.pass() == 0);
  CHECK(cleaning.segments.modified.size() == 1);
}

TEST_CASE("behaviour 88: without cleanFileForciblyEnable only old ones go") {
  RetentionOptions options;
  options.clean_forcibly = false;
  Cleaning cleaning(5, 95, options);
  CHECK(cleaning.pass() == 10);
  CHECK(cleaning.pass() == 5);
  CHECK(cleaning.pass() == 0);
}

TEST_CASE("behaviour 89: a manual deletion lasts for twenty passes, in any hour") {
  Cleaning cleaning(5, 20);
  cleaning.service.delete_manually();
  CHECK(cleaning.pass() == 10);
  for (int i = 1; i < CleanCommitLogService::kManualPasses; ++i) {
    CHECK(cleaning.service.run()->cause == RetentionCause::kManual);
  }
  CHECK(cleaning.service.run()->cause == RetentionCause::kNone);
}

TEST_CASE("behaviour 90: above the warning ratio the disk counts as full, below it no more") {
  Cleaning cleaning(5, 91);
  CHECK_FALSE(cleaning.service.disk_full());
  cleaning.pass();
  CHECK(cleaning.service.disk_full());
  cleaning.disk.set_used(90);
  cleaning.pass();
  CHECK_FALSE(cleaning.service.disk_full());
}

TEST_CASE("ratios are held to Apache's bounds") {
  RetentionOptions options;
  options.max_used_ratio = 0.01;
  options.warning_ratio = 2;
  Cleaning cleaning(5, 11, options);
  CHECK(cleaning.pass() == 10);
  cleaning.disk.set_used(10);
  CHECK(cleaning.service.run()->cause == RetentionCause::kNone);
  cleaning.disk.set_used(91);
  cleaning.pass();
  CHECK(cleaning.service.disk_full());
}

TEST_CASE("ratios are held to Apache's bounds when they change, too") {
  RetentionOptions options;
  options.clean_forcibly_ratio = 0.99;
  Cleaning forced(5, 86, options);
  CHECK(forced.service.run()->immediately);
  Cleaning cleaning(5, 11);
  options.max_used_ratio = 0.01;
  cleaning.service.change(options);
  CHECK(cleaning.pass() == 10);
  cleaning.disk.set_used(10);
  CHECK(cleaning.service.run()->cause == RetentionCause::kNone);
}

TEST_CASE("deleteWhen is a list of hours") {
  CHECK(*parse_delete_when("04") == std::vector<int>{4});
  CHECK(*parse_delete_when("4;16;") == std::vector<int>{4, 16});
  CHECK(*parse_delete_when(";0;;23") == std::vector<int>{0, 23});
  CHECK(parse_delete_when("")->empty());
  for (const char* text : {"24", "-1", "4,5", "four"}) {
    CHECK(parse_delete_when(text).error().code() == Errc::kInvalidArgument);
  }
}

TEST_CASE("what only the superuser could write on is not used space", "[retention]") {
  CHECK(SpaceInfo{.total_bytes = 1000, .available_bytes = 200, .reserved_bytes = 600}.used_share() == 0.5);
  CHECK(SpaceInfo{.total_bytes = 1000, .available_bytes = 0, .reserved_bytes = 1000}.used_share() == 0);
  CHECK(SpaceInfo{}.used_share() == 0);
  Cleaning cleaning(12, 50);
  cleaning.disk.set_reserved(4000);
  const Result<RetentionPass> pass = cleaning.service.run();
  REQUIRE(pass);
  CHECK(pass->used_ratio == 0.5);
  CHECK(pass->segments_deleted == 0);
}
