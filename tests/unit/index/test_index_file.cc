// IndexFile: the worked example of docs/store-format.md, behaviours 81 to 83 of Apache's IndexFileTest.
#include <catch2/catch.hpp>
#include <filesystem>
#include <map>

#include "libstore/base/java_hash.h"
#include "libstore/index/index_file.h"
#include "tests/unit/support/golden_store.h"

using namespace mqctl;
using namespace mqctl::test;

namespace {

constexpr IndexGeometry kSmall{10, 40};
constexpr int64_t kStart = 1700000000123;

std::unique_ptr<IndexFile> create(const std::string& path, IndexGeometry geometry = kSmall,
                                  const IndexHeader* before = nullptr) {
  Result<std::unique_ptr<IndexFile>> made = IndexFile::create(posix_file_system(), path, geometry, before);
  REQUIRE(made.has_value());
  return std::move(*made);
}

void put(IndexFile& file, int32_t hash, int64_t offset, int64_t time = kStart) {
  REQUIRE(file.put_key(hash, PhysicalOffset(offset), EpochMs(time)).ok());
}

std::vector<int64_t> query(const IndexFile& file, int32_t hash, int64_t begin = 0, int64_t end = INT64_MAX,
                           size_t max = 64) {
  std::vector<PhysicalOffset> found;
  file.query(hash, EpochMs(begin), EpochMs(end), max, found);
  std::vector<int64_t> offsets;
  for (const PhysicalOffset offset : found) offsets.push_back(offset.value());
  return offsets;
}

std::string hex_at(const std::string& path, uint64_t position, size_t length) {
  const Result<std::unique_ptr<File>> file = posix_file_system().open(path, OpenMode::kRead);
  std::vector<std::byte> bytes(length);
  REQUIRE((*file)->read_at(position, bytes).has_value());
  std::string text;
  for (const std::byte byte : bytes) {
    constexpr char kDigits[] = "0123456789abcdef";
    text += {kDigits[std::to_integer<int>(byte) >> 4], kDigits[std::to_integer<int>(byte) & 15]};
  }
  return text;
}

}  // namespace

TEST_CASE("The worked example: one message with three keys in a fresh file of the default size") {
  TemporaryDirectory dir;
  const std::string path = dir.path() + "/20231114221320123";
  auto file = create(path, IndexGeometry());
  for (const char* key : {"0A00000100002A139F26000000000001", "K1", "K2"}) {
    put(*file, index_key_hash("TopicTest", key), 4096);
  }
  REQUIRE(file->flush().ok());
  CHECK(std::filesystem::file_size(path) == 420000040);
  CHECK(hex_at(path, 0, 40) ==
        "0000018bcfe5687b"
        "0000018bcfe5687b"
        "0000000000001000"
        "0000000000001000"
        "00000003"
        "00000004");
  CHECK(hex_at(path, 9182212, 4) == "00000001");
  CHECK(hex_at(path, 20000060, 20) ==
        "167d12b7"
        "0000000000001000"
        "00000000"
        "00000000");
  CHECK(hex_at(path, 10980168, 8) ==
        "00000002"
        "00000003");
  CHECK(hex_at(path, 20000080, 20) ==
        "0029e2c8"
        "0000000000001000"
        "00000000"
        "00000000");
  CHECK(hex_at(path, 20000100, 20) ==
        "0029e2c9"
        "0000000000001000"
        "00000000"
        "00000000");
  CHECK(query(*file, index_key_hash("TopicTest", "K2")) == std::vector<int64_t>{4096});
}

TEST_CASE("Keys whose hash is the smallest int share key hash 0 and slot 0") {
  CHECK(java_string_hash("TopicTest#vlsoaerz") == INT32_MIN);
  CHECK(index_key_hash("TopicTest", "vlsoaerz") == 0);
  CHECK(index_key_hash("TopicTest", "mfchaoug") == 0);
  CHECK(index_key_hash("TopicTest", "KEY1") == 1656969516);
  CHECK(index_tag_hash("TopicTest", "x") == index_key_hash("TopicTest", "T#x"));
  TemporaryDirectory dir;
  auto file = create(dir.path() + "/1");
  put(*file, 0, 100);
  put(*file, 0, 200);
  CHECK(query(*file, 0) == std::vector<int64_t>{200, 100});
  CHECK(hex_at(file->path(), 40, 4) == "00000002");
}

TEST_CASE("behaviour 81: a file for n indexes takes n-1") {
  TemporaryDirectory dir;
  auto file = create(dir.path() + "/1");
  CHECK(file->empty());
  for (int i = 0; i < 39; ++i) {
    CHECK_FALSE(file->full());
    put(*file, i, 1000 + i);
  }
  CHECK(file->full());
  CHECK(file->header().index_count == 40);
  CHECK(file->header().slot_count == 10);
  for (int i = 0; i < 39; ++i) CHECK(query(*file, i) == std::vector<int64_t>{1000 + i});
}

TEST_CASE("behaviour 82: a key finds its own offsets and not those of others in its slot") {
  TemporaryDirectory dir;
  auto file = create(dir.path() + "/1");
  for (int i = 0; i < 30; ++i) put(*file, (i % 3) * 10 + 4, i);
  CHECK(query(*file, 4) == std::vector<int64_t>{27, 24, 21, 18, 15, 12, 9, 6, 3, 0});
  CHECK(query(*file, 24) == std::vector<int64_t>{29, 26, 23, 20, 17, 14, 11, 8, 5, 2});
  CHECK(query(*file, 34).empty());
  CHECK(query(*file, 5).empty());
}

TEST_CASE("behaviour 83: the time range and the greatest number are kept") {
  TemporaryDirectory dir;
  auto file = create(dir.path() + "/1");
  for (int i = 0; i < 10; ++i) put(*file, 4, i, kStart + i * 2000);
  CHECK(query(*file, 4, 0, INT64_MAX, 3) == std::vector<int64_t>{9, 8, 7});
  CHECK(query(*file, 4, 0, INT64_MAX, 0).empty());
  CHECK(query(*file, 4, kStart + 4000, kStart + 8000) == std::vector<int64_t>{4, 3, 2});
  CHECK(query(*file, 4, 0, kStart - 1).empty());
  CHECK(query(*file, 4, kStart + 18001).empty());
  CHECK(query(*file, 4, kStart + 18000) == std::vector<int64_t>{9});
}

TEST_CASE("A record within the second that begins the time range is found") {
  TemporaryDirectory dir;
  auto file = create(dir.path() + "/1");
  put(*file, 4, 1, kStart);
  put(*file, 4, 2, kStart + 1900);
  put(*file, 4, 3, kStart + 9000);
  CHECK(query(*file, 4, kStart + 1900, kStart + 1900) == std::vector<int64_t>{2});
}

TEST_CASE("A file that follows another begins where that one ends, until its first entry") {
  TemporaryDirectory dir;
  IndexHeader before;
  before.begin_timestamp = EpochMs(kStart - 50000);
  before.end_timestamp = EpochMs(kStart - 10000);
  before.begin_offset = PhysicalOffset(5);
  before.end_offset = PhysicalOffset(700);
  auto file = create(dir.path() + "/1", kSmall, &before);
  CHECK(file->header().begin_timestamp == before.end_timestamp);
  CHECK(file->header().end_timestamp == before.end_timestamp);
  CHECK(file->header().begin_offset == PhysicalOffset(700));
  CHECK(file->header().end_offset == PhysicalOffset(700));
  put(*file, 4, 800, kStart);
  CHECK(file->header().begin_timestamp == EpochMs(kStart));
  CHECK(file->header().begin_offset == PhysicalOffset(800));
  const std::string entry = hex_at(file->path(), kSmall.entry_at(1), 20);
  CHECK(entry ==
        "00000004"
        "0000000000000320"
        "0000000a"
        "00000000");
  // Those 10 seconds lie before the file's beginning, not behind it.
  CHECK(query(*file, 4, kStart, kStart) == std::vector<int64_t>{800});
}

TEST_CASE("Seconds are clamped: a clock that went back gives 0, one far ahead the greatest int") {
  TemporaryDirectory dir;
  auto file = create(dir.path() + "/1");
  put(*file, 1, 1, kStart);
  put(*file, 1, 2, kStart - 60000);
  put(*file, 1, 3, INT64_MAX);
  CHECK(hex_at(file->path(), kSmall.entry_at(2) + 12, 4) == "00000000");
  CHECK(hex_at(file->path(), kSmall.entry_at(3) + 12, 4) == "7fffffff");
}

TEST_CASE("Entries taken out again leave the file as it was before them") {
  TemporaryDirectory dir;
  auto file = create(dir.path() + "/1");
  std::vector<std::vector<std::byte>> states;
  for (int i = 0; i < 39; ++i) {
    put(*file, (i * 7) % 13, (i / 3) * 100, kStart);
    if (i % 3 == 2) states.push_back(read_file(file->path()));
  }
  CHECK(file->trailing_entries_of(PhysicalOffset(1200)) == 3);
  CHECK(file->trailing_entries_of(PhysicalOffset(1100)) == 0);
  for (int64_t record = 12; record >= 1; --record) {
    file->drop_entries_from(PhysicalOffset(record * 100));
    CHECK(read_file(file->path()) == states[static_cast<size_t>(record - 1)]);
  }
  file->drop_entries_from(PhysicalOffset(0));
  CHECK(file->empty());
  put(*file, 4, 7);
  CHECK(query(*file, 4) == std::vector<int64_t>{7});
}

TEST_CASE("A writer that died between slot and header leaves an entry that is written again") {
  TemporaryDirectory dir;
  auto file = create(dir.path() + "/1");
  put(*file, 4, 1);
  const std::vector<std::byte> before = read_file(file->path());
  put(*file, 14, 2);
  std::vector<std::byte> torn = read_file(file->path());
  std::copy(before.begin(), before.begin() + 40, torn.begin());
  file.reset();
  write_file(dir.path() + "/1", torn);
  file = std::move(*IndexFile::open(posix_file_system(), dir.path() + "/1", kSmall));
  put(*file, 14, 2);
  CHECK(query(*file, 14) == std::vector<int64_t>{2});
  CHECK(hex_at(file->path(), kSmall.entry_at(2) + 16, 4) == "00000000");  // not itself
  CHECK(query(*file, 4).empty());  // what hung behind it is lost with the torn link, as with Apache
}

TEST_CASE("A file that is short of entries it has not yet is grown, and keeps those it has") {
  TemporaryDirectory dir;
  auto file = create(dir.path() + "/1");
  put(*file, 4, 1);
  file.reset();
  std::filesystem::resize_file(dir.path() + "/1", kSmall.entry_at(2));
  Result<std::unique_ptr<IndexFile>> opened = IndexFile::open(posix_file_system(), dir.path() + "/1", kSmall);
  REQUIRE(opened.has_value());
  CHECK(std::filesystem::file_size(dir.path() + "/1") == kSmall.file_bytes());
  CHECK(query(**opened, 4) == std::vector<int64_t>{1});
}

TEST_CASE("Damage in a file never leads a query astray or round in circles") {
  TemporaryDirectory dir;
  auto file = create(dir.path() + "/1");
  for (int i = 0; i < 39; ++i) put(*file, i % 20, i);
  const std::vector<std::byte> sound = read_file(file->path());
  file.reset();
  for (size_t position = 32; position < sound.size(); ++position) {
    for (const int flip : {0x80, 0x01, 0xff}) {
      std::vector<std::byte> damaged = sound;
      damaged[position] ^= static_cast<std::byte>(flip);
      write_file(dir.path() + "/1", damaged);
      Result<std::unique_ptr<IndexFile>> opened = IndexFile::open(posix_file_system(), dir.path() + "/1", kSmall);
      if (!opened) {
        CHECK(opened.error().code() == Errc::kCorruption);
        continue;
      }
      for (int32_t hash = 0; hash < 20; ++hash) REQUIRE(query(**opened, hash).size() <= 39);
      if (!(*opened)->full()) REQUIRE((*opened)->put_key(3, PhysicalOffset(1000), EpochMs(kStart)).ok());
    }
  }
}

TEST_CASE("Slots and what is written have real blocks, the rest has none") {
  TemporaryDirectory dir;
  auto file = create(dir.path() + "/1", IndexGeometry());
  put(*file, 4, 1);
  const Result<FileStat> stat = posix_file_system().stat(dir.path() + "/1");
  CHECK(stat->allocated_bytes >= 20000040);
  CHECK(stat->allocated_bytes < 30000000);
}
