#include <catch2/catch.hpp>
#include <filesystem>

#include "libstore/store/store_location.h"
#include "tests/unit/support/golden_store.h"

using namespace mqctl;
using namespace mqctl::test;

namespace {

Result<StoreLocation> locate(const std::string& path) { return locate_store(posix_file_system(), path); }

}  // namespace

TEST_CASE("a store, its commit log and a segment are told apart") {
  const GoldenStore store("apache-5.3.3-kill9");
  const Result<StoreLocation> root = locate(store.root() + "/");
  REQUIRE(root.has_value());
  CHECK(root->kind == LocationKind::kStore);
  CHECK(root->root == store.root());
  CHECK(root->segments.segments.size() == 5);
  CHECK(root->abort_file);
  CHECK_FALSE(root->locked);
  const Result<StoreLocation> log = locate(store.path("commitlog"));
  REQUIRE(log.has_value());
  CHECK(log->kind == LocationKind::kCommitLogDirectory);
  CHECK_FALSE(log->has_root());
  CHECK(log->abort_file);
  const Result<StoreLocation> segment = locate(store.path("commitlog/00000000000000262144"));
  REQUIRE(segment.has_value());
  CHECK(segment->kind == LocationKind::kSegmentFile);
  CHECK(segment->segments.min_offset() == PhysicalOffset(262144));
  CHECK(segment->abort_file);
}

TEST_CASE("several commit-log directories are one log") {
  const GoldenStore store("apache-5.5.0-mixed");
  std::filesystem::create_directory(store.path("commitlog2"));
  store.rename("commitlog/00000000000000262144", "commitlog2/00000000000000262144");
  CHECK(locate(store.root()).value().segments.segments.size() == 13);
  const std::string both = store.path("commitlog") + "," + store.path("commitlog2");
  const Result<StoreLocation> named = locate(both);
  REQUIRE(named.has_value());
  CHECK(named->segments.segments.size() == 13);
  CHECK(named->commit_log_directories.size() == 2);
}

TEST_CASE("what is no store is refused with what was looked for") {
  const TemporaryDirectory directory;
  CHECK(locate(directory.path() + "/none").error().code() == Errc::kNotFound);
  CHECK(locate(directory.path()).error().code() == Errc::kInvalidArgument);
  std::filesystem::create_directory(directory.path() + "/dledger-n0");
  const Result<StoreLocation> dledger = locate(directory.path());
  REQUIRE_FALSE(dledger.has_value());
  CHECK(dledger.error().code() == Errc::kUnsupported);
}

TEST_CASE("parts that are not read are named") {
  const GoldenStore store("tiny-5.5.0");
  store.create("consumequeue/CURRENT", "x");
  store.create("consumequeue/IDENTITY", "x");
  const Result<StoreLocation> location = locate(store.root());
  REQUIRE(location.has_value());
  CHECK(location->foreign == std::vector{ForeignPart::kRocksDbConsumeQueue});
}
