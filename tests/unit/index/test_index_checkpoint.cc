// IndexCheckpoint: the newest index file goes back to its last mark after a crash, and nothing else is believed.
#include <catch2/catch.hpp>
#include <filesystem>

#include "tests/unit/index/test_index.h"

using namespace mqctl;
using namespace mqctl::test;

namespace {

EpochMs last_full(Index& index) { return index->safe_timestamp(); }

std::vector<std::vector<std::byte>> contents_of(const Index& index) {
  std::vector<std::vector<std::byte>> contents;
  for (auto& [name, content] : tree_of(index.directory())) contents.push_back(std::move(content));
  return contents;
}

std::string newest_file(const Index& index) { return index.directory() + "/" + index.names().back(); }

IndexCheckpoint checkpoint_of(const Index& index) { return {posix_file_system(), index.checkpoint()}; }

// Messages 0 to 7 kept, and one more put: all in one file.
void put_eight_and_keep(Index& index) {
  index.put(0, 8);
  REQUIRE(index.names().size() == 1);
  index.keep();
  index.put(8, 9);
}

void put_missing(Index& index, int64_t to) {
  REQUIRE(index->missing_from().has_value());
  index.put(index->missing_from()->value() / kRecordBytes, to);
}

}  // namespace

TEST_CASE("After a crash the newest file goes back to its last mark, wherever that was") {
  Index whole;
  whole.put(0, 60);
  for (int64_t marked = 1; marked <= 60; ++marked) {
    INFO("marked after " << marked);
    Index index;
    index.put(0, marked);
    index.keep();
    const EpochMs safe = last_full(index);
    index.put(marked, 60);
    REQUIRE(text_of(index.reopen(LastExit::kCrash, safe)) == "ok");
    CHECK(index->missing_from() == PhysicalOffset((marked - 1) * kRecordBytes));
    CHECK(index.query("all") == down_from(marked - 1, 0));
    put_missing(index, 60);
    CHECK(contents_of(index) == contents_of(whole));
  }
}

TEST_CASE("Whatever of the later bytes a power cut took, the file is as it was at the mark") {
  Index index;
  put_eight_and_keep(index);
  const std::vector<std::byte> at_mark = read_file(newest_file(index));
  index.put(9, 10);
  const std::vector<std::byte> later = read_file(newest_file(index));
  constexpr size_t kSector = 64;  // smaller than a disk's, so that there are many
  for (int seed = 0; seed < 200; ++seed) {
    std::vector<std::byte> mixed = later;
    const unsigned kept = static_cast<unsigned>(seed) * 2654435761u;
    for (size_t at = 0; at < mixed.size(); at += kSector) {
      if ((kept >> (at / kSector % 32) & 1) != 0) continue;
      std::copy_n(at_mark.begin() + static_cast<std::ptrdiff_t>(at), std::min(kSector, mixed.size() - at),
                  mixed.begin() + static_cast<std::ptrdiff_t>(at));
    }
    write_file(newest_file(index), mixed);
    REQUIRE(index.reopen(LastExit::kCrash).ok());
    CHECK(index.query("all") == down_from(7, 0));
    CHECK(index.query("k2") == down_from(7, 2, 5));
  }
}

TEST_CASE("The start after one that went back and died goes back as far") {
  Index index;
  put_eight_and_keep(index);
  REQUIRE(index.reopen(LastExit::kCrash).ok());
  index.put(8, 10);
  REQUIRE(index.reopen(LastExit::kCrash).ok());
  CHECK(index->missing_from() == PhysicalOffset(7 * kRecordBytes));
  CHECK(index.query("all") == down_from(7, 0));
}

TEST_CASE("A mark is of entries that are there: it is forgotten before they go") {
  Index index;
  put_eight_and_keep(index);
  SECTION("cut off with the log") {
    REQUIRE(index->truncate(PhysicalOffset(4 * kRecordBytes)).ok());
    index.put(4, 12);
  }
  SECTION("made again, since no mark is of this file") {
    std::filesystem::rename(newest_file(index), index.directory() + "/20990101000000000");
    REQUIRE(index.reopen(LastExit::kCrash).ok());
    CHECK(index.names().empty());
  }
  CHECK_FALSE(std::filesystem::exists(index.checkpoint()));
  REQUIRE(index.reopen(LastExit::kCrash).ok());
  CHECK(index->missing_from() == PhysicalOffset(0));
}

TEST_CASE("A mark with a byte that is not its own is none, and one that cannot be is not believed") {
  Index index;
  put_eight_and_keep(index);
  const std::vector<std::byte> sound = read_file(index.checkpoint());
  const IndexMark mark = **checkpoint_of(index).load();
  CHECK(mark.header.index_count == 29);
  SECTION("flipped") {
    for (size_t at = 0; at < sound.size(); ++at) {
      std::vector<std::byte> flipped = sound;
      flipped[at] ^= std::byte{0x10};
      write_file(index.checkpoint(), flipped);
      CHECK_FALSE(checkpoint_of(index).load()->has_value());
    }
  }
  SECTION("cut short") {
    std::filesystem::resize_file(index.checkpoint(), sound.size() - 1);
    CHECK_FALSE(checkpoint_of(index).load()->has_value());
  }
  SECTION("a division that cannot be") {
    for (const IndexGeometry geometry :
         {IndexGeometry{0, 42}, IndexGeometry{210, 0}, IndexGeometry{205, 1}, IndexGeometry{UINT32_MAX, 1}}) {
      IndexMark wrong = mark;
      wrong.geometry = geometry;
      REQUIRE(checkpoint_of(index).save(wrong).ok());
      CHECK_FALSE(checkpoint_of(index).load()->has_value());
    }
  }
  SECTION("a division of another size than the file's, which is known by itself") {
    IndexMark wrong = mark;
    wrong.geometry = {12, 40};
    REQUIRE(checkpoint_of(index).save(wrong).ok());
    REQUIRE(index.reopen(LastExit::kCrash).ok());
    CHECK(index.query("all") == down_from(7, 0));
  }
  SECTION("of more entries than there are, of others, of none") {
    const auto disbelieved = [&](const IndexHeader& header) {
      IndexMark wrong = mark;
      wrong.header = header;
      REQUIRE(checkpoint_of(index).save(wrong).ok());
      REQUIRE(index.reopen(LastExit::kCrash).ok());
      CHECK(index->missing_from() == PhysicalOffset(0));
      put_eight_and_keep(index);
    };
    IndexHeader more = mark.header;
    more.index_count += 10;
    disbelieved(more);
    IndexHeader other_end = mark.header;
    other_end.end_offset += 1;
    disbelieved(other_end);
    IndexHeader other_begin = mark.header;
    other_begin.begin_offset += 1;
    disbelieved(other_begin);
  }
}

TEST_CASE("A file that has a mark is not believed for its time: it may have filled up with the clock put back") {
  Index index;
  put_eight_and_keep(index);
  index.put(9, 20);
  const std::string marked = index.directory() + "/" + index.names().front();
  std::vector<std::byte> torn = read_file(marked);
  std::fill(torn.begin() + static_cast<std::ptrdiff_t>(kSmall.entry_at(30)),
            torn.begin() + static_cast<std::ptrdiff_t>(kSmall.entry_at(35)), std::byte{0});
  REQUIRE(index.reopen(LastExit::kClean).ok());
  write_file(marked, torn);
  REQUIRE(index.reopen(LastExit::kCrash, kForever).ok());
  CHECK(index.query("all") == down_from(7, 0));
  put_missing(index, 20);
  CHECK(index.query("all") == down_from(19, 0));
  CHECK(index->safe_timestamp() == IndexHeader::load(read_file(marked).data()).end_timestamp);
}

TEST_CASE("After a clean exit a mark is not asked for") {
  Index index;
  put_eight_and_keep(index);
  REQUIRE(index.reopen(LastExit::kClean).ok());
  CHECK_FALSE(index->missing_from().has_value());
  CHECK(index.query("all") == down_from(8, 0));
}

TEST_CASE("A file of an unusual division that a crash tore is known by its mark") {
  Index index;
  const IndexGeometry odd{7, 50};
  REQUIRE(index.reopen(LastExit::kClean, EpochMs(0), odd).ok());
  put_eight_and_keep(index);
  std::vector<std::byte> torn = read_file(newest_file(index));
  const IndexMark mark = **checkpoint_of(index).load();
  const auto lost = static_cast<uint32_t>(mark.header.index_count);
  std::fill(torn.begin() + static_cast<std::ptrdiff_t>(odd.entry_at(lost)), torn.end(), std::byte{0});
  write_file(newest_file(index), torn);
  REQUIRE(index.reopen(LastExit::kCrash, EpochMs(0), kSmall).ok());
  CHECK(index.query("all") == down_from(7, 0));
}
