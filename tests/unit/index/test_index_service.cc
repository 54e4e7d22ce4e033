// IndexService: what is indexed, what is kept after a crash, behaviours 81 to 84 of Apache's IndexServiceTest.
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <thread>

#include "libstore/message/system_flag.h"
#include "tests/unit/index/test_index.h"
#include "tests/unit/support/hooked_file_system.h"

using namespace mqctl;
using namespace mqctl::test;

TEST_CASE("UNIQ_KEY, each word of KEYS and the tag are indexed, in this order") {
  Index index;
  index.put(0, 1);
  const std::vector<std::byte> bytes = read_file(index.directory() + "/" + index.names().at(0));
  const int32_t expected[] = {index_key_hash("T", "U0"), index_key_hash("T", "all"), index_key_hash("T", "k0"),
                              index_tag_hash("T", "even")};
  CHECK(IndexHeader::load(bytes.data()).index_count == 5);
  for (uint32_t i = 0; i < 4; ++i) {
    CHECK(IndexEntry::load(bytes.data() + kSmall.entry_at(i + 1)).key_hash == expected[i]);
  }
  CHECK(index.query("T#even") == std::vector<int64_t>{0});
}

TEST_CASE("Tag entries can be left out, for stores that releases before 5.5.0 made") {
  Index index(TagEntries::kNone);
  index.put(0, 4);
  CHECK(index.query("T#even").empty());
  CHECK(index.query("all") == down_from(3, 0));
}

TEST_CASE("A record without keys makes no file; rolled-back ones are passed over, prepared ones are not") {
  Index index;
  CHECK(index->put(request_of(0)).ok());
  CHECK(index.names().empty());
  DispatchRequest request = request_of(1);
  request.keys = "k";
  request.sys_flag = sys_flag::kRollback;
  CHECK(index->put(request).ok());
  CHECK(index.names().empty());
  request.sys_flag = sys_flag::kPrepared;
  CHECK(index->put(request).ok());
  CHECK(index.query("k") == std::vector<int64_t>{1});
}

TEST_CASE("behaviour 81: a full file is followed by a new one, over which queries go newest first") {
  Index index;
  index.put(0, 100);
  CHECK(index.names().size() == 9);  // 350 entries, 39 a file
  CHECK(index.query("all") == down_from(99, 0));
  CHECK(index.query("k3") == down_from(98, 3, 5));
  CHECK(index.query("T#even") == down_from(98, 0, 2));
  CHECK(index.query("U57") == std::vector<int64_t>{57});
}

TEST_CASE("behaviour 83: the greatest number asked for and the time range are kept") {
  Index index;
  index.put(0, 100);
  CHECK(index.query("all", 7) == down_from(99, 93));
  CHECK(index.query("all", 0).empty());
  const auto found = index->query("T", "all", 1000, stored(0) - 5000, stored(0) - 1);
  CHECK(found.empty());
}

TEST_CASE("behaviour 84: a query with an empty key, an empty topic, or over no file gives nothing") {
  Index index;
  CHECK(index.query("all").empty());
  index.put(0, 10);
  CHECK(index.query("").empty());
  CHECK(index.query("all", 1000, "").empty());
  CHECK(index.query("U3", SIZE_MAX) == std::vector<int64_t>{3});
}

TEST_CASE("Files are named by local time, each later than the one before even when the clock is not") {
  Index index;
  index.put(0, 25);
  index.clock().advance_ms(-100000);
  index.put(25, 40);
  index.clock().advance_ms(200000);
  index.put(40, 50);
  const std::vector<std::string> names = index.names();
  REQUIRE(names.size() == 5);
  for (const std::string& name : names) CHECK(name.size() == 17);
  const int64_t first = std::stoll(names[0]);
  for (size_t i = 1; i < 4; ++i) CHECK(std::stoll(names[i]) == first + static_cast<int64_t>(i));
  CHECK(std::stoll(names[4]) > first + 100);
  CHECK(first % 1000 == 123);
}

TEST_CASE("After a restart the index goes on where it was, as if nothing had been") {
  Index once, twice;
  once.put(0, 60);
  for (int64_t i = 0; i < 60; i += 7) {
    twice.put(i, std::min<int64_t>(60, i + 7));
    REQUIRE(twice.reopen().ok());
    CHECK_FALSE(twice->missing_from().has_value());
    twice.put(std::max<int64_t>(0, i - 3), std::min<int64_t>(60, i + 7));  // dispatched again
  }
  CHECK(tree_of(once.directory()) == tree_of(twice.directory()));
}

TEST_CASE("A record whose last keys were not indexed gets those, and no key twice") {
  for (int taken_out = 0; taken_out <= 4; ++taken_out) {
    Index index;
    index.put(0, 35);
    const auto before = tree_of(index.directory());
    Index torn;
    torn.put(0, 34);
    DispatchRequest request = request_of(34);
    request.uniq_key = "U34";
    request.has_uniq_key = taken_out < 4;
    request.keys = taken_out >= 3 ? "" : taken_out == 2 ? "all" : "all k4";
    request.tags = taken_out >= 1 ? "" : "even";
    REQUIRE(torn->put(request).ok());
    torn.put(34, 35);
    CHECK(tree_of(torn.directory()) == before);
  }
}

TEST_CASE("A record whose keys fill more than a file is not indexed twice") {
  Index index;
  index.put(0, 3);
  std::string keys;
  for (int i = 0; i < 100; ++i) keys += "k" + std::to_string(i) + " ";
  DispatchRequest request = request_of(3);
  request.keys = keys;
  REQUIRE(index->put(request).ok());
  const auto before = tree_of(index.directory());
  CHECK(before.size() == 3);
  REQUIRE(index.reopen().ok());
  REQUIRE(index->put(request).ok());
  CHECK(tree_of(index.directory()) == before);
}

TEST_CASE("A key repeated in KEYS is indexed as often as it stands there, once") {
  Index index;
  DispatchRequest request = request_of(0);
  request.keys = "k k k";
  REQUIRE(index->put(request).ok());
  REQUIRE(index->put(request).ok());
  CHECK(index.query("k") == std::vector<int64_t>{0, 0, 0});
}

TEST_CASE("After a crash only files that are surely on disk are kept, and no key is lost") {
  Index whole;
  whole.put(0, 100);
  for (int64_t safe_message = -1; safe_message < 100; ++safe_message) {
    Index index;
    index.put(0, 100);
    const EpochMs safe = safe_message < 0 ? EpochMs(0) : stored(safe_message);
    REQUIRE(index.reopen(LastExit::kCrash, safe).ok());
    for (const auto& [name, content] : tree_of(index.directory())) {
      CHECK(IndexHeader::load(content.data()).end_timestamp <= safe);
    }
    REQUIRE(index->missing_from().has_value());
    const int64_t from = index->missing_from()->value() / kRecordBytes;
    CHECK(from <= std::max<int64_t>(0, safe_message));
    index.put(from, 100);
    auto expected = tree_of(whole.directory()), found = tree_of(index.directory());
    REQUIRE(expected.size() == found.size());
    for (auto a = expected.begin(), b = found.begin(); a != expected.end(); ++a, ++b) CHECK(a->second == b->second);
  }
}

TEST_CASE("After a crash a file that is not full is never kept, whatever the checkpoint says") {
  Index index;
  index.put(0, 15);
  REQUIRE(index.names().size() == 2);
  REQUIRE(index.reopen(LastExit::kCrash, stored(99)).ok());
  CHECK(index.names().size() == 1);
  index.put(index->missing_from()->value() / kRecordBytes, 15);
  CHECK(index.query("all") == down_from(14, 0));
}

TEST_CASE("A start that died after it deleted files is followed by one that knows what is missing") {
  Index index;
  index.put(0, 100);
  REQUIRE(index.reopen(LastExit::kCrash, stored(50)).ok());
  const auto missing = index->missing_from();
  REQUIRE(index.reopen(LastExit::kCrash, stored(50)).ok());
  CHECK(index->missing_from() == missing);
  Index none;
  REQUIRE(none.reopen(LastExit::kCrash, EpochMs(0)).ok());
  CHECK(none->missing_from() == PhysicalOffset(0));
}

TEST_CASE("An unreadable file is deleted with all behind it, and no key is lost") {
  const LastExit last_exit = GENERATE(LastExit::kClean, LastExit::kCrash);
  for (const size_t size : {size_t{0}, size_t{20}, size_t{41}, size_t{500}}) {
    Index index;
    index.put(0, 100);
    const std::string damaged = index.directory() + "/" + index.names().at(4);
    std::filesystem::resize_file(damaged, size);
    REQUIRE(text_of(index.reopen(last_exit, stored(99))) == "ok");
    CHECK(index.names().size() == 4);
    index.put(index->missing_from()->value() / kRecordBytes, 100);
    CHECK(index.query("all") == down_from(99, 0));
  }
}

TEST_CASE("After a clean exit a file whose header counts too many goes with all behind it, and no key is lost") {
  Index index;
  index.put(0, 100);
  const std::vector<std::string> names = index.names();
  std::fstream(index.directory() + "/" + names.at(4), std::ios::in | std::ios::out | std::ios::binary)
      .seekp(36)
      .put(0x40);
  REQUIRE(text_of(index.reopen()) == "ok");
  CHECK(index.names().size() == 4);
  REQUIRE(index->missing_from().has_value());
  index.put(index->missing_from()->value() / kRecordBytes, 100);
  CHECK(index.query("all") == down_from(99, 0));
  REQUIRE(text_of(index.reopen()) == "ok");
  CHECK_FALSE(index->missing_from().has_value());
}

TEST_CASE("Files that are no index by name are left alone") {
  Index index;
  index.put(0, 20);
  write_file(index.directory() + "/notes.txt", as_bytes("mine"));
  std::filesystem::create_directories(index.directory() + "/20231114221320999");
  REQUIRE(index.reopen(LastExit::kCrash, EpochMs(0)).ok());
  CHECK(index.names() == std::vector<std::string>{"notes.txt"});
}

TEST_CASE("Later files are divided as those that are there, not as the options say") {
  Index index;
  index.put(0, 5);
  REQUIRE(index.reopen(LastExit::kClean, EpochMs(0), IndexGeometry{500, 900}).ok());
  index.put(5, 60);
  for (const auto& [name, content] : tree_of(index.directory())) CHECK(content.size() == kSmall.file_bytes());
  CHECK(index.query("all") == down_from(59, 0));
}

TEST_CASE("An empty file of an unusual division is taken for what the options say") {
  Index index;
  const IndexGeometry odd{7, 50};
  write_file(index.directory() + "/20231114221320123", std::vector<std::byte>(odd.file_bytes()));
  CHECK_FALSE(index.reopen().ok());
  REQUIRE(index.reopen(LastExit::kClean, EpochMs(0), odd).ok());
  index.put(0, 20);
  CHECK(index.query("all") == down_from(19, 0));
}

TEST_CASE("Entries behind the log's end are taken out, and what is written there again is indexed") {
  Index whole;
  whole.put(0, 60);
  for (int64_t end = 0; end <= 60; ++end) {
    Index index;
    index.put(0, 60);
    REQUIRE(index->truncate(PhysicalOffset(end * kRecordBytes)).ok());
    CHECK(index.query("all") == down_from(end - 1, 0));
    CHECK(index->end_offset() == PhysicalOffset(std::max<int64_t>(0, end - 1) * kRecordBytes));
    index.put(end, 60);
    CHECK(index.query("all") == down_from(59, 0));
    CHECK(index.query("k3") == down_from(58, 3, 5));
    REQUIRE(index.reopen().ok());
    CHECK(index.query("T#even") == down_from(58, 0, 2));
  }
}

TEST_CASE("Retention deletes the oldest files whose entries all lie before the log, never the last") {
  Index index;
  index.put(0, 100);
  const size_t files = index.names().size();
  CHECK(*index->delete_expired(PhysicalOffset(0)) == 0);
  CHECK(*index->delete_expired(PhysicalOffset(3000)) == 2);
  CHECK(index.names().size() == files - 2);
  CHECK(index.query("all", 1000).back() <= 30);
  CHECK(*index->delete_expired(PhysicalOffset(99999)) == static_cast<int>(files - 3));
  CHECK(index.names().size() == 1);
}

TEST_CASE("behaviour 86: of index files with 7 keys one goes when 10 messages are gone") {
  Index index;
  REQUIRE(index.reopen(LastExit::kClean, EpochMs(0), IndexGeometry{2, 8}).ok());
  for (int64_t i = 0; i < 20; ++i) {
    DispatchRequest request = request_of(i);
    request.keys = "all";
    REQUIRE(index->put(request).ok());
  }
  CHECK(index.names().size() == 3);
  CHECK(*index->delete_expired(PhysicalOffset(10 * kRecordBytes)) == 1);
  CHECK(index.query("all") == down_from(19, 7));
}

TEST_CASE("The safe time is the end of the last file that was full") {
  Index index;
  CHECK(index->safe_timestamp() == EpochMs(0));
  index.put(0, 5);
  CHECK(index->safe_timestamp() == EpochMs(0));
  CHECK(index->end_offset() == PhysicalOffset(400));
  index.put(5, 100);
  EpochMs newest_full;
  for (const auto& [name, content] : tree_of(index.directory())) {
    const IndexHeader header = IndexHeader::load(content.data());
    if (header.index_count == 40) newest_full = header.end_timestamp;
  }
  CHECK(index->safe_timestamp() == newest_full);
}

TEST_CASE("Queries and flushes go on beside dispatch") {
  Index index;
  constexpr int64_t kMessages = 3000;
  std::atomic<bool> done{false};
  std::atomic<int> wrong{0};
  const auto read = [&] {
    while (!done.load()) {
      const std::vector<int64_t> found = index.query("all", 20);
      for (size_t i = 1; i < found.size(); ++i) {
        if (found[i] != found[i - 1] - 1) ++wrong;
      }
      if (!index->flush().ok()) ++wrong;
    }
  };
  std::thread first(read), second(read);
  for (int64_t i = 0; i < kMessages; ++i) {
    if (!index.put_one(i).ok()) ++wrong;
    if (i % 500 == 499 && !index->delete_expired(PhysicalOffset((i - 300) * kRecordBytes))) ++wrong;
  }
  done = true;
  first.join();
  second.join();
  CHECK(wrong.load() == 0);
}

TEST_CASE("A last file without a length, which a failed creation left, goes and takes no key along") {
  const LastExit last_exit = GENERATE(LastExit::kClean, LastExit::kCrash);
  Index index;
  index.put(0, 20);
  REQUIRE(index.reopen().ok());
  index.keep();
  const std::vector<std::string> names = index.names();
  write_file(index.directory() + "/" + std::to_string(std::stoll(names.back()) + 1), {});
  REQUIRE(text_of(index.reopen(last_exit, kForever)) == "ok");
  CHECK(index.names() == names);
  CHECK(index->missing_from().has_value() == (last_exit == LastExit::kCrash));
  CHECK(index.query("all") == down_from(19, 0));
  index.put(20, 40);
  CHECK(index.query("all") == down_from(39, 0));
}

TEST_CASE("A file whose creation failed is made at the next try, whether anything of it is there or not") {
  const Operation failing = GENERATE(Operation::kCreate, Operation::kResize);
  bool broken = true;
  HookedFileSystem fs(posix_file_system(), [&](Operation operation, const std::string&) {
    const bool fails = broken && (operation == failing || operation == Operation::kRemove);
    return fails ? Status::error(Errc::kIoError, "it fails") : Status();
  });
  const TemporaryDirectory directory;
  ManualClock clock{EpochMs(1700000000123)};
  IndexServiceOptions options;
  options.directory = directory.path() + "/index";
  options.checkpoint = directory.path() + "/index.checkpoint";
  options.geometry = kSmall;
  IndexService index(fs, clock, options);
  REQUIRE(text_of(index.load(LastExit::kClean, EpochMs(0))) == "ok");
  DispatchRequest request = request_of(0);
  request.keys = "all";
  CHECK_FALSE(index.put(request).ok());
  broken = false;
  CHECK(text_of(index.put(request)) == "ok");
  CHECK(index.query("T", "all", 10, EpochMs(0), kForever).size() == 1);
  CHECK(tree_of(options.directory).size() == 1);
}
