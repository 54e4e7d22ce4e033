// check_log by several threads finds what walk_log finds alone, whatever the damage and wherever it stands.
#include "libstore/log/log_walk.h"
#include "tests/unit/store/store_support.h"

using namespace mqctl;
using namespace mqctl::test;

namespace {

constexpr unsigned kMostThreads = 4;

// The log of a store with several segments, closed.
struct Log {
  TestStore store;
  std::vector<PutMessageResult> puts = put_numbered(store, 0, 150);

  Log() { store.close(); }
  std::string file_of(PhysicalOffset offset) { return store.segment_path(offset); }
  static uint64_t place_of(PhysicalOffset offset) { return static_cast<uint64_t>(offset.value()) % kSmallSegment; }

  LogWalk walked(PhysicalOffset from, unsigned threads) {
    CommitLogOptions options;
    options.directories = {store.path("commitlog")};
    options.segment_bytes = kSmallSegment;
    ManualClock clock(kFirstTime);
    CommitLog log(posix_file_system(), clock, options);
    REQUIRE(log.load().ok());
    if (threads > 0) return check_log(log.files(), from, threads);
    Result<LogWalk> walk = walk_log(log.files(), from, CrcCheck::kBody, [](const MessageView&) { return Status(); });
    REQUIRE(walk.has_value());
    return std::move(*walk);
  }

  // What all of them agree on.
  LogWalk check(PhysicalOffset from = PhysicalOffset(0)) {
    const LogWalk alone = walked(from, 0);
    for (unsigned threads = 1; threads <= kMostThreads; ++threads) {
      const LogWalk found = walked(from, threads);
      CHECK(found.end == alone.end);
      CHECK(found.records == alone.records);
      CHECK(found.stopped_by == alone.stopped_by);
    }
    return alone;
  }
};

}  // namespace

TEST_CASE("check_log: a sound log, from its beginning and from a record in the middle", "[log_walk]") {
  Log log;
  const LogWalk all = log.check();
  CHECK(all.records == log.puts.size());
  CHECK(all.end == log.puts.back().end);
  CHECK(all.stopped_by.empty());
  CHECK(log.check(log.puts[70].offset).records == log.puts.size() - 70);
}

TEST_CASE("check_log: damage in a segment in the middle ends the log there", "[log_walk]") {
  Log log;
  const size_t hit = 60;
  const PhysicalOffset offset = log.puts[hit].offset;
  REQUIRE(offset.value() > static_cast<int64_t>(kSmallSegment));
  REQUIRE(log.puts.back().offset.value() / static_cast<int64_t>(kSmallSegment) >
          offset.value() / static_cast<int64_t>(kSmallSegment) + 1);
  const size_t body_at = 84 + 4;
  overwrite(log.file_of(offset), Log::place_of(offset) + body_at, {std::byte{'?'}});
  const LogWalk found = log.check();
  CHECK(found.records == hit);
  CHECK(found.end == offset);
  CHECK_FALSE(found.stopped_by.empty());
}

TEST_CASE("check_log: with damage in two segments the first one counts", "[log_walk]") {
  Log log;
  for (const size_t hit : {size_t{120}, size_t{40}}) {
    const PhysicalOffset offset = log.puts[hit].offset;
    overwrite(log.file_of(offset), Log::place_of(offset) + 4, std::vector<std::byte>(4, std::byte{0x11}));
    CHECK(log.check().records == hit);
  }
}

TEST_CASE("check_log: a segment of zeros in the middle is where the log ends", "[log_walk]") {
  Log log;
  const PhysicalOffset offset = log.puts[60].offset;
  overwrite(log.file_of(offset), 0, std::vector<std::byte>(kSmallSegment));
  const LogWalk found = log.check();
  CHECK(found.end.value() ==
        offset.value() / static_cast<int64_t>(kSmallSegment) * static_cast<int64_t>(kSmallSegment));
  CHECK(found.stopped_by.empty());
}

TEST_CASE("find_sound_record: a record is found wherever the pieces that are looked at end in it", "[log_walk]") {
  constexpr int64_t kPiece = 1 << 20;
  StoreOptions options = small_options();
  options.segment_bytes = 4 * kPiece;
  TestStore store(std::move(options));
  store.put(std::string(kPiece + 1000, 'x'));
  const PhysicalOffset wanted = store.put("wanted").offset;
  for (int64_t behind = 0; behind <= 10; ++behind) {
    const PhysicalOffset from = wanted + behind - kPiece;  // the first piece ends so many bytes behind its beginning
    CHECK(find_sound_record(store->commit_log().files(), from) == wanted);
  }
}

TEST_CASE("visit_data: everything that was written is visited, in order, and a tail never written is not",
          "[log_walk]") {
  constexpr uint64_t kSize = 16u << 20, kFar = 8u << 20;
  TemporaryDirectory directory;
  const std::string path = join_path(directory.path(), "00000000000000000000");
  {
    Result<std::unique_ptr<File>> file = posix_file_system().open(path, OpenMode::kCreateExclusive);
    REQUIRE(file.has_value());
    REQUIRE((*file)->resize(kSize).ok());
    for (const uint64_t place : {uint64_t{0}, kFar}) REQUIRE((*file)->write_at(place, as_bytes("written")).ok());
  }
  Result<std::unique_ptr<MappedFile>> file = MappedFile::open(posix_file_system(), path, 0, kSize);
  REQUIRE(file.has_value());
  std::vector<FileRange> visited;
  (*file)->visit_data(0, [&](FileRange piece) {
    visited.push_back(piece);
    return true;
  });
  uint64_t behind = 0, bytes = 0;
  bool has_far = false;
  for (const FileRange& piece : visited) {
    CHECK(piece.begin >= behind);
    behind = piece.end;
    bytes += piece.end - piece.begin;
    has_far |= piece.begin <= kFar && piece.end >= kFar + 7;
  }
  CHECK(visited.front().begin == 0);
  CHECK(has_far);
  if (posix_file_system().stat(path)->allocated_bytes < kSize / 2) CHECK(bytes < kSize / 2);  // it knows of holes
  CHECK((*file)->data_end(0) == kFar + 7);
}
