#include <catch2/catch.hpp>
#include <filesystem>

#include "libstore/log/segment_list.h"
#include "tests/unit/support/golden_store.h"

using namespace mqctl;
using namespace mqctl::test;

namespace {

const std::string kZero = "00000000000000000000";
const std::string kFirst = "00000000000000001024";
const std::string kSecond = "00000000000000002048";

void make_file(const TemporaryDirectory& directory, const std::string& name, size_t size) {
  write_file(directory.path() + "/" + name, std::vector<std::byte>(size));
}

SegmentList listed(const TemporaryDirectory& directory) {
  Result<SegmentList> list = list_segments(posix_file_system(), {directory.path()});
  REQUIRE(list.has_value());
  return std::move(*list);
}

}  // namespace

TEST_CASE("segments are listed by offset, everything else is stray") {
  const TemporaryDirectory directory;
  for (const std::string& name : {kSecond, kZero, kFirst}) make_file(directory, name, 1024);
  make_file(directory, "0000000000000000102", 1024);
  make_file(directory, kZero + "~", 5);
  make_file(directory, "99999999999999999999", 5);
  std::filesystem::create_directory(directory.path() + "/" + "old");
  std::filesystem::create_symlink("nowhere", directory.path() + "/00000000000000003072");
  const SegmentList list = listed(directory);
  REQUIRE(list.segments.size() == 3);
  CHECK(list.segments[1].name == kFirst);
  CHECK(list.segments[1].base == PhysicalOffset(1024));
  CHECK(list.segment_bytes == 1024);
  CHECK(list.strays.size() == 5);
  CHECK(list.min_offset() == PhysicalOffset(0));
  CHECK(list.end_offset() == PhysicalOffset(3072));
  CHECK(list.find(PhysicalOffset(2047)) == &list.segments[1]);
  CHECK(list.find(PhysicalOffset(3072)) == nullptr);
  CHECK(list.find(PhysicalOffset(-1)) == nullptr);
}

TEST_CASE("the whole size is the commonest, whichever file is not of it") {
  const TemporaryDirectory directory;
  make_file(directory, kZero, 1024);
  make_file(directory, kFirst, 1024);
  SECTION("last one short") {
    make_file(directory, kSecond, 10);
    CHECK(listed(directory).segment_bytes == 1024);
  }
  SECTION("first one short") {
    make_file(directory, kZero, 1000);
    CHECK(listed(directory).segment_bytes == 1024);
  }
  SECTION("one missing") {
    make_file(directory, kSecond, 1024);
    std::filesystem::remove(directory.path() + "/" + kFirst);
    CHECK(listed(directory).segment_bytes == 1024);
  }
  SECTION("an offset between two segments that are not neighbours is in none") {
    make_file(directory, "00000000000000004096", 1024);
    CHECK(listed(directory).find(PhysicalOffset(3000)) == nullptr);
  }
}

TEST_CASE("several directories are one log; a second file of an offset is stray") {
  const TemporaryDirectory a, b;
  make_file(a, kZero, 1024);
  make_file(b, kFirst, 1024);
  make_file(b, kZero, 1024);
  Result<SegmentList> list = list_segments(posix_file_system(), {a.path(), b.path()});
  REQUIRE(list.has_value());
  CHECK(list->segments.size() == 2);
  REQUIRE(list->strays.size() == 1);
  CHECK(list->strays[0].path == b.path() + "/" + kZero);
}

TEST_CASE("a lone file stands where its name or its first record says") {
  const TemporaryDirectory directory;
  std::vector<std::byte> bytes(100, std::byte{0xDA});
  append(bytes, make_record({.offset = 5100}));
  SECTION("by name") {
    write_file(directory.path() + "/" + kSecond, bytes);
    Result<SegmentList> list = lone_segment(posix_file_system(), directory.path() + "/" + kSecond);
    REQUIRE(list.has_value());
    CHECK(list->segments[0].base == PhysicalOffset(2048));
  }
  SECTION("by content") {
    write_file(directory.path() + "/copy.bin", bytes);
    Result<SegmentList> list = lone_segment(posix_file_system(), directory.path() + "/copy.bin");
    REQUIRE(list.has_value());
    CHECK(list->segments[0].base == PhysicalOffset(5000));
    CHECK(list->segment_bytes == bytes.size());
  }
  SECTION("not a segment") {
    write_file(directory.path() + "/text", as_bytes("hello"));
    Result<SegmentList> list = lone_segment(posix_file_system(), directory.path() + "/text");
    REQUIRE_FALSE(list.has_value());
    CHECK(list.error().code() == Errc::kInvalidArgument);
  }
}
