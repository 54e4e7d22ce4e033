#include <catch2/catch.hpp>
#include <filesystem>

#include "libstore/log/segment_reader.h"
#include "tests/unit/support/golden_store.h"

using namespace mqctl;
using namespace mqctl::test;

TEST_CASE("views hold what the file holds, wherever they begin") {
  const TemporaryDirectory directory;
  std::vector<std::byte> bytes(3u << 20);
  for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::byte>(i * 131 >> 3);
  const SegmentFile segment{directory.path() + "/f", "f", PhysicalOffset(0), bytes.size()};
  write_file(segment.path, bytes);
  Result<SegmentReader> reader = SegmentReader::open(posix_file_system(), segment);
  REQUIRE(reader.has_value());
  CHECK(reader->end() == bytes.size());
  for (const size_t position : {size_t{0}, size_t{1}, size_t{600000}, size_t{599990}, bytes.size() - 3}) {
    for (const size_t want : {size_t{1}, size_t{8}, size_t{100000}, size_t{2000000}}) {
      Result<Bytes> view = reader->view(position, want);
      REQUIRE(view.has_value());
      REQUIRE(view->size() >= std::min(want, bytes.size() - position));
      REQUIRE(std::equal(view->begin(), view->end(), bytes.begin() + static_cast<long>(position)));
    }
  }
  Result<Bytes> beyond = reader->view(bytes.size() + 5, 10);
  REQUIRE(beyond.has_value());
  CHECK(beyond->empty());
}

TEST_CASE("the end moves with the file") {
  const TemporaryDirectory directory;
  const SegmentFile segment{directory.path() + "/f", "f", PhysicalOffset(0), 100};
  write_file(segment.path, std::vector<std::byte>(100, std::byte{1}));
  Result<SegmentReader> reader = SegmentReader::open(posix_file_system(), segment);
  REQUIRE(reader.has_value());
  std::filesystem::resize_file(segment.path, 150);
  CHECK(reader->end() == 100);
  REQUIRE(reader->refresh().ok());
  CHECK(reader->end() == 150);
  std::filesystem::resize_file(segment.path, 40);
  Result<Bytes> view = reader->view(30, 50);
  REQUIRE(view.has_value());
  CHECK(view->size() == 10);
  CHECK(reader->end() == 40);
}

TEST_CASE("holes are passed over") {
  const TemporaryDirectory directory;
  const SegmentFile segment{directory.path() + "/f", "f", PhysicalOffset(0), 1u << 20};
  write_file(segment.path, std::vector<std::byte>(10, std::byte{1}));
  std::filesystem::resize_file(segment.path, 1u << 20);
  Result<SegmentReader> reader = SegmentReader::open(posix_file_system(), segment);
  REQUIRE(reader.has_value());
  CHECK(reader->next_data(5) == 5);
  const uint64_t next = reader->next_data(500000);
  CHECK((next == 500000 || next == reader->end()));  // a file system without holes says so
}
