#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "libstore/log/segment_list.h"
#include "libstore/os/replace_file.h"
#include "libstore/store/preallocate.h"
#include "tests/unit/support/golden_store.h"

using namespace mqctl;

namespace {

constexpr uint64_t kSize = 64 * 1024;

FileSystem& fs() { return posix_file_system(); }

struct Log {
  test::TemporaryDirectory directory;
  std::string segment(int64_t base) const {
    const std::string digits = std::to_string(base);
    return join_path(directory.path(), "commitlog/" + std::string(20 - digits.size(), '0') + digits);
  }
  void write(int64_t base, char fill, size_t size = kSize) const {
    REQUIRE(fs().create_directories(join_path(directory.path(), "commitlog")).ok());
    REQUIRE(replace_file(fs(), segment(base), std::string(size, fill), Backup::kNone).ok());
  }
  PreallocateRequest request(int count) const {
    return {
        .root = directory.path(), .count = count, .segment_bytes = 0, .reserve_bytes = 0, .warm = false, .many = false};
  }
};

Errc refusal(const PreallocateRequest& request) {
  Result<PreallocatePlan> plan = plan_preallocation(fs(), request);
  REQUIRE_FALSE(plan.has_value());
  return plan.error().code();
}

}  // namespace

TEST_CASE("segments are made behind the last one, all of them real") {
  Log log;
  log.write(0, 'x');
  Result<PreallocatePlan> plan = plan_preallocation(fs(), log.request(2));
  REQUIRE(plan.has_value());
  CHECK(plan->segment_bytes == kSize);
  std::vector<MadeSegment> made;
  REQUIRE(make_segments(fs(), *plan, true, [&](const MadeSegment& one) { made.push_back(one); }).ok());
  REQUIRE(made.size() == 2);
  CHECK(made[0].path == log.segment(65536));
  CHECK(made[1].path == log.segment(131072));
  CHECK(made[0].allocated_bytes >= kSize);
  CHECK(fs().stat(made[1].path)->size_bytes == kSize);
}

TEST_CASE("a new store begins at offset 0 with the size that is asked for") {
  Log log;
  PreallocateRequest request = log.request(1);
  request.segment_bytes = 4096;
  Result<PreallocatePlan> plan = plan_preallocation(fs(), request);
  REQUIRE(plan.has_value());
  CHECK(plan->segments.front().path == log.segment(0));
  CHECK(plan->segment_bytes == 4096);
  CHECK_FALSE(fs().stat(join_path(log.directory.path(), "commitlog")).has_value());
}

TEST_CASE("a plan refuses another size, a gap, a file of another length") {
  Log log;
  log.write(0, 'x');
  log.write(65536, 'x');
  PreallocateRequest request = log.request(1);
  request.segment_bytes = 4096;
  CHECK(refusal(request) == Errc::kInvalidArgument);
  log.write(3 * 65536, 'x');
  CHECK(refusal(log.request(1)) == Errc::kCorruption);
  REQUIRE(fs().remove(log.segment(3 * 65536)).ok());
  log.write(131072, 'x', 1000);
  CHECK(refusal(log.request(1)) == Errc::kCorruption);
}

TEST_CASE("more than nine empty segments are refused unless they are wanted") {
  Log log;
  log.write(0, 'x');
  log.write(65536, '\0');
  CHECK(plan_preallocation(fs(), log.request(8))->spares_there == 1);
  CHECK(refusal(log.request(9)) == Errc::kBusy);
  PreallocateRequest many = log.request(9);
  many.many = true;
  CHECK(plan_preallocation(fs(), many).has_value());
}

TEST_CASE("what does not fit, or would leave less than the reserve, is refused before anything is made") {
  Log log;
  PreallocateRequest request = log.request(9);
  request.segment_bytes = 1ull << 62;
  CHECK(refusal(request) == Errc::kNoSpace);
  request.segment_bytes = kSize;
  request.reserve_bytes = UINT64_MAX / 2;
  CHECK(refusal(request) == Errc::kNoSpace);
}

TEST_CASE("when one segment fails those before it are removed") {
  Log log;
  log.write(0, 'x');
  Result<PreallocatePlan> plan = plan_preallocation(fs(), log.request(3));
  REQUIRE(plan.has_value());
  log.write(3 * 65536, 'y');  // in the way of the third
  int made = 0;
  CHECK(make_segments(fs(), *plan, false, [&](const MadeSegment&) { ++made; }).code() == Errc::kExists);
  CHECK(made == 2);
  CHECK_FALSE(fs().stat(log.segment(65536)).has_value());
  CHECK_FALSE(fs().stat(log.segment(131072)).has_value());
  CHECK(fs().stat(log.segment(3 * 65536)).has_value());
}
