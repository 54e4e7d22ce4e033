// What a start believes: units of queues behind the checkpoint, files that are none, an index without its log.
#include <sys/stat.h>

#include <filesystem>

#include "libstore/message/record_layout.h"
#include "tests/unit/store/held_disk.h"
#include "tests/unit/store/store_support.h"

using namespace mqctl;
using namespace mqctl::test;

namespace {

constexpr size_t kUnitsOfFile = 20;

StoreOptions with_index() {
  StoreOptions options = small_options();
  options.index = true;
  return options;
}

void put_keyed(TestStore& store, int from, int to) {
  for (const std::string& body : numbered(from, to)) {
    store.put(body, "T", 0,
              "KEYS\x01"
              "k\x02");
  }
}

size_t found_by_key(TestStore& store) {
  store.settle();
  return store->query_message("T", "k", 1000, EpochMs(0), EpochMs(INT64_MAX))->size();
}

std::string only_file_in(const std::string& directory) {
  return std::filesystem::directory_iterator(directory)->path().string();
}

void overwrite_unit(TestStore& store, size_t number, const ConsumeQueueUnit& unit) {
  std::vector<std::byte> bytes(ConsumeQueueUnit::kEncodedBytes);
  store_be(bytes, ConsumeQueueUnit::kPhysicalOffsetAt, unit.physical_offset.value());
  store_be(bytes, ConsumeQueueUnit::kSizeAt, unit.size);
  store_be(bytes, ConsumeQueueUnit::kTagsCodeAt, unit.tags_code);
  const auto file = static_cast<int64_t>(number / kUnitsOfFile * kUnitsOfFile * ConsumeQueueUnit::kEncodedBytes);
  overwrite(store.path("consumequeue/T/0/" + offset_file_name(file)),
            number % kUnitsOfFile * ConsumeQueueUnit::kEncodedBytes, bytes);
}

}  // namespace

TEST_CASE("After a crash a unit is kept only where its record is", "[recovery]") {
  for (const char* wrong : {"nothing", "size", "tags", "other queue", "other topic", "middle of a record"}) {
    INFO(wrong);
    TestStore store;
    std::vector<PutMessageResult> own, of_queue, of_topic;
    for (const std::string& body : numbered(0, 100)) {
      own.push_back(store.put(body));
      of_queue.push_back(store.put(body, "T", 1));
      of_topic.push_back(store.put(body, "U"));
    }
    store.settle();
    store.kill();
    const auto size = static_cast<int32_t>(own[50].end - own[50].offset);
    ConsumeQueueUnit unit{own[50].offset, size, 0};
    const std::string_view what = wrong;
    if (what == "size") ++unit.size;
    if (what == "tags") unit.tags_code = 5;
    if (what == "other queue") unit.physical_offset = of_queue[50].offset;
    if (what == "other topic") unit.physical_offset = of_topic[50].offset;
    if (what == "middle of a record") unit.physical_offset += 1;
    overwrite_unit(store, 50, unit);
    store.open();
    CHECK(store.bodies() == numbered(0, 100));
    CHECK(store.bodies("T", 1) == numbered(0, 100));
    const std::vector<std::byte> file = read_file(store.path("consumequeue/T/0/" + offset_file_name(800)));
    CHECK(load_be<int64_t>(file, 200) == own[50].offset.value());
    CHECK(load_be<int32_t>(file, 208) == size);
    CHECK(load_be<int64_t>(file, 212) == 0);
  }
}

TEST_CASE("What stands at a segment's or queue file's name and is none is refused by its name", "[recovery]") {
  for (const char* place : {"consumequeue/T/0/", "commitlog/"}) {
    INFO(place);
    TestStore store;
    put_numbered(store, 0, 5);
    store.close();
    const std::string path = store.path(place + offset_file_name(std::string_view(place) == "commitlog/" ? 4096 : 400));
    REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
    const Status status = store.try_open();
    CHECK(status.code() == Errc::kCorruption);
    CHECK(text_of(status).find(path) != std::string::npos);
    std::filesystem::remove(path);
    store.open();
    CHECK(store.bodies() == numbered(0, 5));
  }
}

TEST_CASE("A queue file whose name is no place of a unit is refused", "[recovery]") {
  TestStore store;
  put_numbered(store, 0, 5);
  store.close();
  std::filesystem::rename(store.path("consumequeue/T/0/" + offset_file_name(0)),
                          store.path("consumequeue/T/0/" + offset_file_name(7)));
  CHECK(store.try_open().code() == Errc::kCorruption);
}

TEST_CASE("A refused start leaves a store that was closed in order closed", "[recovery]") {
  TestStore store;
  const std::vector<PutMessageResult> puts = put_numbered(store, 0, 100);
  store.close();
  overwrite(store.segment_path(puts[99].offset), 0, {std::byte{0xFF}});  // the segment's first record
  std::filesystem::remove_all(store.path("consumequeue"));
  CHECK(store.try_open().code() == Errc::kCorruption);
  CHECK_FALSE(std::filesystem::exists(store.path("abort")));
}

TEST_CASE("A start that fails once it has changed something leaves a store that was not closed", "[recovery]") {
  TestStore store;
  const std::vector<PutMessageResult> puts = put_numbered(store, 0, 10);
  store.close();
  std::filesystem::remove_all(store.path("consumequeue"));
  std::vector<std::byte> ahead(8);
  store_be(ahead.data(), int64_t{70});
  overwrite(store.segment_path(puts[5].offset),
            static_cast<uint64_t>(puts[5].offset.value()) + RecordLayout::kQueueOffsetAt, ahead);
  CHECK(store.try_open().code() == Errc::kCorruption);  // a gap: the queue goes on at 70
  CHECK(std::filesystem::exists(store.path("abort")));
}

TEST_CASE("A log that is gone takes its index with it", "[recovery]") {
  TestStore store(with_index());
  put_keyed(store, 0, 50);
  store.close();
  std::filesystem::remove_all(store.path("commitlog"));
  std::filesystem::remove_all(store.path("consumequeue"));
  store.open();
  put_keyed(store, 0, 1);
  CHECK(found_by_key(store) == 1);
}

TEST_CASE("After a clean stop an index file of no division is made again", "[recovery]") {
  TestStore store(with_index());
  put_keyed(store, 0, 50);
  store.close();
  std::filesystem::resize_file(only_file_in(store.path("index")), 47);
  store.open();
  CHECK(store->recovery().notes.size() == 1);
  CHECK(found_by_key(store) == 50);
}

TEST_CASE("An index file of more bytes than Apache can map is not searched for a division", "[recovery]") {
  TestStore store(with_index());
  put_keyed(store, 0, 5);
  store.close();
  std::filesystem::resize_file(only_file_in(store.path("index")), 40 + (84ull << 32));  // no slot in 32 bits
  store.open();
  CHECK(found_by_key(store) == 5);
}

TEST_CASE("A segment has its size before it takes its blocks", "[recovery]") {
  std::vector<uintmax_t> sizes;
  UnsyncedFileSystem unsynced(posix_file_system());
  HookedFileSystem hooked(unsynced, [&](Operation operation, const std::string& path) {
    if (operation == Operation::kAllocate && path.find("commitlog") != std::string::npos) {
      sizes.push_back(std::filesystem::file_size(path));
    }
    return Status();
  });
  TestStore store(small_options(), &hooked);
  put_numbered(store, 0, 60);
  store.close();
  CHECK(sizes.size() > 1);
  for (const uintmax_t size : sizes) CHECK(size == kSmallSegment);
}

TEST_CASE("Who put off to ask for a flush does not wait for one that nobody asked for", "[recovery]") {
  HeldDisk disk;
  StoreOptions options = sync_options();
  options.segment_bytes = kSmallSegment;
  TestStore store(options, disk.file_system());
  std::atomic<int> stored{0}, answered{0};
  store->defer_dispatch();
  for (const std::string& body : numbered(0, 200)) {  // more segments than dispatch may be behind
    store->put_messages(std::vector<MessageDraft>{draft_of(body)}, [&](PutMessageResult result) {
      stored += result.status == PutMessageStatus::kPutOk ? 1 : 0;
      ++answered;
    });
  }
  store->dispatch_deferred();
  while (answered < 200) std::this_thread::yield();
  CHECK(stored == 200);
}
