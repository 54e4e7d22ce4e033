#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "libstore/index/index_reader.h"
#include "tests/unit/support/golden_store.h"

using namespace mqctl;
using namespace mqctl::test;

namespace {

// An index file with entries for hashes 0, 7, 14 ... all made by the rules, offsets 100 apart.
std::vector<std::byte> make_index(IndexGeometry geometry, int32_t entries) {
  std::vector<std::byte> bytes(geometry.file_bytes());
  IndexHeader header;
  header.begin_timestamp = header.end_timestamp = EpochMs(1700000000000);
  header.begin_offset = PhysicalOffset(100);
  for (int32_t number = 1; number <= entries; ++number) {
    const int32_t hash = (number - 1) * 7;
    std::byte* slot = bytes.data() + geometry.slot_at(static_cast<uint32_t>(hash) % geometry.slots);
    const auto previous = load_be<int32_t>(slot);
    IndexEntry{hash, PhysicalOffset(number * 100), 0, previous}.store(bytes.data() +
                                                                      geometry.entry_at(static_cast<uint32_t>(number)));
    store_be(slot, number);
    header.slot_count += previous == 0;
    header.end_offset = PhysicalOffset(number * 100);
  }
  header.index_count = entries + 1;
  header.store(bytes.data());
  return bytes;
}

// Read system calls of this process so far.
int64_t reads_so_far() {
  std::ifstream io("/proc/self/io");
  std::string name;
  int64_t value = 0;
  while (io >> name >> value) {
    if (name == "syscr:") return value;
  }
  return -1;
}

}  // namespace

TEST_CASE("key queries answer as a genuine broker does") {
  for (const char* name : {"tiny-5.5.0", "apache-4.9.4-clean", "apache-5.5.0-mixed", "apache-5.5.0-ipv6-v2"}) {
    INFO(name);
    const GoldenStore store(name);
    std::ifstream file(golden_path(std::string(name) + ".queues.json"));
    const auto expected = nlohmann::json::parse(file);
    for (const auto& query : expected.at("queries")) {
      const std::string topic = query.at("topic"), key = query.at("key");
      INFO(topic << " " << key);
      const auto found = query_index(posix_file_system(), store.path("index"), {topic, key});
      REQUIRE(found.has_value());
      std::vector<int64_t> positions;
      for (const PhysicalOffset offset : *found) positions.push_back(offset.value());
      auto wanted = query.at("pos").get<std::vector<int64_t>>();
      std::sort(positions.begin(), positions.end());
      std::sort(wanted.begin(), wanted.end());
      CHECK(positions == wanted);
    }
  }
}

TEST_CASE("answers come newest first and no more than asked for") {
  const GoldenStore store("tiny-5.5.0");
  const auto both = query_index(posix_file_system(), store.path("index"), {"Tiny", "K2"});
  REQUIRE(both.has_value());
  CHECK(*both == std::vector{PhysicalOffset(268), PhysicalOffset(0)});
  IndexQuery one{"Tiny", "K2"};
  one.max = 1;
  CHECK(query_index(posix_file_system(), store.path("index"), one).value() == std::vector{PhysicalOffset(268)});
  IndexQuery early{"Tiny", "K2"};
  early.end = EpochMs(1000);
  CHECK(query_index(posix_file_system(), store.path("index"), early).value().empty());
}

TEST_CASE("a division of another kind is found by its entries") {
  const TemporaryDirectory directory;
  const IndexGeometry geometry{37, 61};
  write_file(directory.path() + "/20260101000000000", make_index(geometry, 45));
  Result<IndexReader> reader = IndexReader::open(posix_file_system(), directory.path() + "/20260101000000000");
  REQUIRE(reader.has_value());
  CHECK(reader->geometry() == geometry);
  CHECK(reader->entry(3).value().physical_offset == PhysicalOffset(300));
  CHECK(reader->slot(0).value() == 38);
}

TEST_CASE("a damaged file of the usual division is still read as such") {
  const TemporaryDirectory directory;
  const IndexGeometry geometry{50, 200};
  std::vector<std::byte> bytes = make_index(geometry, 45);
  bytes[geometry.slot_at(7)] = std::byte{0x7F};
  bytes[39] = std::byte{0};
  write_file(directory.path() + "/1", bytes);
  Result<IndexReader> reader = IndexReader::open(posix_file_system(), directory.path() + "/1");
  REQUIRE(reader.has_value());
  CHECK(reader->geometry() == geometry);
}

TEST_CASE("a damaged file of any size takes few reads to open") {
  const GoldenStore store("tiny-5.5.0");
  const IndexGeometry usual{500'000, 2'000'000};
  const std::string path = store.path("index/20260102030405678");
  std::vector<std::byte> head(IndexHeader::kEncodedBytes);
  IndexHeader header;
  header.index_count = 2245;  // a power cut left the header and none of the pages behind it
  header.store(head.data());
  auto file = posix_file_system().open(path, OpenMode::kOpenOrCreate);
  REQUIRE(file.has_value());
  REQUIRE((*file)->write_at(0, head).ok());
  REQUIRE((*file)->resize(usual.file_bytes()).ok());
  const int64_t before = reads_so_far();
  REQUIRE(before >= 0);
  CHECK(detect_index_geometry(**file).error().code() == Errc::kCorruption);
  CHECK(reads_so_far() - before < 5000);
}

TEST_CASE("a chain that leads nowhere or round ends") {
  const TemporaryDirectory directory;
  const IndexGeometry geometry{1, 4};
  std::vector<std::byte> bytes = make_index(geometry, 3);
  store_be(bytes.data() + geometry.entry_at(3) + 16, int32_t{3});
  write_file(directory.path() + "/1", bytes);
  Result<IndexReader> reader = IndexReader::open(posix_file_system(), directory.path() + "/1", geometry);
  REQUIRE(reader.has_value());
  std::vector<PhysicalOffset> found;
  REQUIRE(reader->select(14, EpochMs(0), EpochMs(INT64_MAX), 64, found).ok());
  CHECK(found == std::vector{PhysicalOffset(300)});
}

TEST_CASE("a directory without index answers nothing") {
  const TemporaryDirectory directory;
  CHECK(query_index(posix_file_system(), directory.path() + "/index", {"T", "k"}).value().empty());
  write_file(directory.path() + "/index/note.txt", as_bytes("x"));
  write_file(directory.path() + "/index/20260101000000000", as_bytes("short"));
  CHECK(query_index(posix_file_system(), directory.path() + "/index", {"T", "k"}).value().empty());
  const Result<IndexListing> listing = list_index_files(posix_file_system(), directory.path() + "/index");
  REQUIRE(listing.has_value());
  CHECK(listing->paths.size() == 1);
  CHECK(listing->strays.size() == 1);
}
