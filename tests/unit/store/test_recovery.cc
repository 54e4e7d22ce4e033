// Opening a store again: after a clean stop, after kill -9, and after damage that no crash makes.
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <map>

#include "libstore/store/recovery.h"
#include "tests/unit/store/store_support.h"

using namespace mqctl;
using namespace mqctl::test;

namespace {

constexpr QueueId kQueue(0);

using Tree = std::map<std::string, std::vector<std::byte>>;
Tree tree_of(const std::string& directory) {
  Tree files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory)) {
    if (entry.is_regular_file()) files[entry.path().filename().string()] = read_file(entry.path().string());
  }
  return files;
}

uint64_t position_of(PhysicalOffset offset) { return static_cast<uint64_t>(offset.value()) % kSmallSegment; }

// What behaviours 76 and 77 damage: topic length and properties of a record without properties, "T" as its topic.
void zero_topic_and_properties(const TestStore& store, const PutMessageResult& record) {
  overwrite(store.segment_path(record.offset), position_of(record.end) - 4, std::vector<std::byte>(4));
}

void flip_body(const TestStore& store, const PutMessageResult& record) {
  overwrite(store.segment_path(record.offset), position_of(record.offset) + 88, {std::byte{0xFF}});
}

// Several segments of three queues that take turns: topics T and U, bodies "m<i>" in both.
void put_three_queues(TestStore& store, int turns) {
  for (int i = 0; i < turns; ++i) {
    for (const auto& [topic, queue] : {std::pair("T", 0), std::pair("U", 0), std::pair("U", 7)}) {
      store.put("m" + std::to_string(i), topic, queue);
    }
  }
}
void check_three_queues(TestStore& store, int turns) {
  for (const auto& [topic, queue] : {std::pair("T", 0), std::pair("U", 0), std::pair("U", 7)}) {
    INFO(topic << "/" << queue);
    CHECK(store.bodies(topic, queue) == numbered(0, turns));
    CHECK(store->max_queue_offset(topic, QueueId(queue)) == QueueOffset(turns));
  }
}

// A child process that has a store open until this goes.
class Holder {
 public:
  explicit Holder(const StoreOptions& options) {
    REQUIRE(::pipe(ready_.data()) == 0);
    REQUIRE(::pipe(done_.data()) == 0);
    pid_ = ::fork();
    REQUIRE(pid_ >= 0);
    if (pid_ == 0) hold(options);
    char answer = 0;
    REQUIRE(::read(ready_[0], &answer, 1) == 1);
    REQUIRE(answer == 'y');
  }
  ~Holder() {
    for (const int fd : {done_[0], done_[1], ready_[0], ready_[1]}) ::close(fd);
    int status = 0;
    ::waitpid(pid_, &status, 0);
  }
  Holder(const Holder&) = delete;
  Holder& operator=(const Holder&) = delete;
  pid_t pid() const { return pid_; }

 private:
  [[noreturn]] void hold(const StoreOptions& options) {
    ::close(done_[1]);
    auto store = DefaultMessageStore::open(posix_file_system(), system_clock(), options);
    const char answer = store ? 'y' : 'n';
    char end = 0;
    if (::write(ready_[1], &answer, 1) == 1) (void)!::read(done_[0], &end, 1);  // returns when the parent closes it
    ::_exit(0);
  }
  std::array<int, 2> ready_{}, done_{};
  pid_t pid_ = 0;
};

}  // namespace

TEST_CASE("behaviour 72: the folders of log and queues are there after the start", "[recovery]") {
  TestStore store;
  CHECK(std::filesystem::is_directory(store.path("commitlog")));
  CHECK(std::filesystem::is_directory(store.path("consumequeue")));
  CHECK(std::filesystem::is_regular_file(store.path("lock")));
  CHECK(std::filesystem::is_regular_file(store.path("abort")));
}

TEST_CASE("behaviour 73: a second start over a live store fails and names the process", "[recovery]") {
  TemporaryDirectory directory;
  StoreOptions options = small_options();
  options.root = directory.path() + "/store";
  {
    Holder holder(options);
    const auto second = DefaultMessageStore::open(posix_file_system(), system_clock(), options);
    REQUIRE_FALSE(second.has_value());
    CHECK(second.error().code() == Errc::kBusy);
    CHECK(second.error().message().find(std::to_string(holder.pid())) != std::string::npos);
    CHECK(std::filesystem::exists(options.root + "/abort"));
  }
  const auto after = DefaultMessageStore::open(posix_file_system(), system_clock(), options);
  REQUIRE(after.has_value());
  CHECK((*after)->recovery().after_crash);
}

TEST_CASE("behaviour 75: stop and start keep the log's end and every queue's", "[recovery]") {
  TestStore store;
  put_three_queues(store, 100);
  const PhysicalOffset end = store->max_offset();
  store.reopen();
  CHECK_FALSE(store->recovery().after_crash);
  CHECK(store->recovery().bytes_cut == 0);
  CHECK(store->recovery().records_dispatched <= 1);
  CHECK(store->max_offset() == end);
  check_three_queues(store, 100);
  CHECK(store.put("m100").queue_offset == QueueOffset(100));
}

TEST_CASE("behaviour 75: a store that never held a message stops and starts", "[recovery]") {
  TestStore store;
  store.reopen();
  CHECK(store->max_offset() == PhysicalOffset(0));
  CHECK(store.put("m0").queue_offset == QueueOffset(0));
}

TEST_CASE("A stop takes abort and what was made ahead away, a kill leaves abort", "[recovery]") {
  TestStore store;
  put_numbered(store, 0, 20);  // past a quarter of the segment: the next one is being made
  store.close();
  CHECK_FALSE(std::filesystem::exists(store.path("abort")));
  CHECK(tree_of(store.path("commitlog")).size() == 1);
  store.open();
  CHECK(std::filesystem::exists(store.path("abort")));
}

TEST_CASE("behaviour 76: last record damaged, clean start: log and queue end before it", "[recovery]") {
  TestStore store;
  const std::vector<PutMessageResult> puts = put_numbered(store, 0, 100);
  store.close();
  zero_topic_and_properties(store, puts.back());
  store.open();
  CHECK_FALSE(store->recovery().after_crash);
  CHECK(store->max_offset() == puts.back().offset);
  CHECK(store->max_queue_offset("T", kQueue) == QueueOffset(99));
  CHECK(store.bodies() == numbered(0, 99));
  CHECK(store.put("m99").offset == puts.back().offset);
  store.reopen();
  CHECK(store.bodies() == numbered(0, 100));
}

TEST_CASE("behaviour 77: the same after a crash, and writing goes on", "[recovery]") {
  TestStore store;
  const std::vector<PutMessageResult> puts = put_numbered(store, 0, 100);
  store.kill();
  zero_topic_and_properties(store, puts.back());
  store.open();
  CHECK(store->recovery().after_crash);
  CHECK(store->recovery().log_end == puts.back().offset);
  CHECK(store->recovery().bytes_cut > 0);
  CHECK_FALSE(store->recovery().cut_reason.empty());
  CHECK(store->max_queue_offset("T", kQueue) == QueueOffset(99));
  put_numbered(store, 99, 150);
  store.settle();
  CHECK(store.bodies() == numbered(0, 150));
}

TEST_CASE("A record torn anywhere at the end is cut, and what was left of it is zeroed", "[recovery]") {
  for (const int64_t kept : {1, 8, 40, 90}) {
    INFO(kept << " bytes of the record are there");
    TestStore store;
    const std::vector<PutMessageResult> puts = put_numbered(store, 0, 10);
    store.kill();
    const PutMessageResult& last = puts.back();
    REQUIRE(kept < last.end - last.offset);
    overwrite(store.segment_path(last.offset), position_of(last.offset + kept),
              std::vector<std::byte>(static_cast<size_t>(last.end - last.offset - kept)));
    store.open();
    CHECK(store->max_offset() == last.offset);
    CHECK(store.bodies() == numbered(0, 9));
    const std::vector<std::byte> segment = read_file(store.segment_path(last.offset));
    CHECK(std::all_of(segment.begin() + last.offset.value(), segment.end(),
                      [](std::byte byte) { return byte == std::byte{0}; }));
  }
}

TEST_CASE("After a crash units that were lost are made again", "[recovery]") {
  TestStore store;
  put_three_queues(store, 100);
  store.kill();
  const std::string whole = store.path("consumequeue/U/0");
  std::filesystem::remove_all(whole);
  overwrite(store.path("consumequeue/T/0/" + offset_file_name(800)), 0, std::vector<std::byte>(400));
  store.open();
  CHECK(store->recovery().after_crash);
  CHECK(store->recovery().records_dispatched == 300);
  check_three_queues(store, 100);
}

TEST_CASE("After a crash units that a checkpoint vouches for in error are made again, too", "[recovery]") {
  TestStore store;
  put_three_queues(store, 100);
  store.clock().advance_ms(60000);
  store.reopen();
  store.kill();
  overwrite(store.path("consumequeue/T/0/" + offset_file_name(400)), 0, std::vector<std::byte>(400));
  for (int64_t base = 800; base < 2000; base += 400) {
    std::filesystem::remove(store.path("consumequeue/T/0/" + offset_file_name(base)));
  }
  store.open();
  check_three_queues(store, 100);
}

TEST_CASE("A missing consumequeue folder is made again, after a crash and after a clean stop", "[recovery]") {
  for (const bool crash : {false, true}) {
    INFO("crash " << crash);
    TestStore store;
    put_three_queues(store, 100);
    if (crash) {
      store.kill();
    } else {
      store.close();
    }
    std::filesystem::remove_all(store.path("consumequeue"));
    store.open();
    CHECK(store->recovery().records_dispatched == 300);
    check_three_queues(store, 100);
    CHECK(store.put("m100", "U", 7).queue_offset == QueueOffset(100));
  }
}

TEST_CASE("A store of many more than ten segments is rebuilt from its beginning", "[recovery]") {
  TestStore store;
  const std::string body(900, 'x');
  for (int i = 0; i < 100; ++i) store.put(body);
  store.kill();
  CHECK(tree_of(store.path("commitlog")).size() >= 25);
  std::filesystem::remove_all(store.path("consumequeue"));
  std::filesystem::remove(store.path("checkpoint"));
  store.open();
  CHECK(store->recovery().scanned_from == PhysicalOffset(0));
  CHECK(store->recovery().records_scanned == 100);
  CHECK(store->min_queue_offset("T", kQueue) == QueueOffset(0));
  CHECK(store->max_queue_offset("T", kQueue) == QueueOffset(100));
  CHECK(store.bodies() == std::vector<std::string>(100, body));
}

TEST_CASE("After a clean stop only the end is looked at", "[recovery]") {
  TestStore store;
  put_numbered(store, 0, 500);
  store.reopen();
  CHECK(store->recovery().records_scanned == 1);
}

TEST_CASE("Damage with sound records behind it is refused, and nothing of the log changed", "[recovery]") {
  TestStore store;
  const std::vector<PutMessageResult> puts = put_numbered(store, 0, 100);
  store.kill();
  flip_body(store, puts[50]);
  const Tree before = tree_of(store.path("commitlog"));
  const Status status = store.try_open();
  REQUIRE_FALSE(status.ok());
  CHECK(status.code() == Errc::kCorruption);
  CHECK(status.path() == store.segment_path(puts[50].offset));
  CHECK(status.position() == position_of(puts[50].offset));
  CHECK(status.message().find("49 sound messages follow") != std::string::npos);
  CHECK(tree_of(store.path("commitlog")) == before);
  CHECK(std::filesystem::exists(store.path("abort")));
}

TEST_CASE("Damage with sound records behind it is cut when asked for", "[recovery]") {
  TestStore store;
  const std::vector<PutMessageResult> puts = put_numbered(store, 0, 100);
  store.kill();
  flip_body(store, puts[50]);
  store.options().on_damage = OnDamage::kTruncate;
  store.open();
  CHECK(store->recovery().log_end == puts[50].offset);
  constexpr int kNoProperties = 2;  // the length of no properties is zeros, like what was never written
  CHECK(store->recovery().bytes_cut == static_cast<uint64_t>(puts[99].end - puts[50].offset - kNoProperties));
  CHECK(store->recovery().cut_reason.find("CRC") != std::string::npos);
  CHECK(store.bodies() == numbered(0, 50));
  put_numbered(store, 50, 120);
  store.reopen();
  CHECK(store.bodies() == numbered(0, 120));
}

TEST_CASE("A hole in the log with sound records behind it is refused, too", "[recovery]") {
  TestStore store;
  const std::vector<PutMessageResult> puts = put_numbered(store, 0, 30);
  store.kill();
  overwrite(store.segment_path(puts[10].offset), position_of(puts[10].offset),
            std::vector<std::byte>(static_cast<size_t>(puts[11].offset - puts[10].offset)));
  CHECK(store.try_open().code() == Errc::kCorruption);
  store.options().on_damage = OnDamage::kTruncate;
  store.open();
  CHECK(store.bodies() == numbered(0, 10));
}

TEST_CASE("Queues without a log are refused, and dropped when asked for", "[recovery]") {
  TestStore store;
  put_numbered(store, 0, 10);
  store.close();
  std::filesystem::remove_all(store.path("commitlog"));
  CHECK(store.try_open().code() == Errc::kCorruption);
  CHECK(std::filesystem::exists(store.path("consumequeue/T/0")));
  store.options().on_damage = OnDamage::kTruncate;
  store.open();
  CHECK(store->max_queue_offset("T", kQueue) == QueueOffset(0));
  CHECK(store.put("m0").queue_offset == QueueOffset(0));
}

TEST_CASE("A segment laid out ahead is kept, one of another size is refused, a stray file is told", "[recovery]") {
  TestStore store;
  put_numbered(store, 0, 10);
  store.close();
  const std::string next = store.path("commitlog/" + offset_file_name(static_cast<int64_t>(kSmallSegment)));
  write_file(next, std::vector<std::byte>(kSmallSegment));
  write_file(store.path("commitlog/notes"), as_bytes("x"));
  store.open();
  CHECK(store->recovery().spare_segments == 1);
  CHECK(store->recovery().strays == std::vector{store.path("commitlog/notes")});
  CHECK(std::filesystem::exists(next));
  put_numbered(store, 10, 100);
  store.close();
  store.options().segment_bytes = 8192;
  CHECK(store.try_open().code() == Errc::kInvalidArgument);
  store.options().segment_bytes = 0;
  store.open();
  CHECK(store->options().segment_bytes == kSmallSegment);
  CHECK(store.bodies() == numbered(0, 100));
}

TEST_CASE("A blank that no segment follows is taken back, and nothing is said to be cut", "[recovery]") {
  for (const bool crash : {false, true}) {
    TestStore store;
    const PutMessageResult last = store.put("m0");
    crash ? store.kill() : store.close();
    std::vector<std::byte> blank(8);
    store_be(std::span(blank), 0, static_cast<int32_t>(kSmallSegment - position_of(last.end)));
    store_be(std::span(blank), 4, static_cast<int32_t>(0xCBD43194u));
    overwrite(store.segment_path(last.end), position_of(last.end), blank);
    store.open();
    CHECK(store->recovery().bytes_cut == 0);
    CHECK(store.put("m1").offset == last.end);
    store.reopen();
    CHECK(store.bodies() == numbered(0, 2));
  }
}

TEST_CASE("What a power cut left behind the log's end goes with the segments behind it: no gap", "[recovery]") {
  TestStore store;
  put_numbered(store, 0, 3);
  const auto segment = [&](int64_t number) {
    return store.segment_path(PhysicalOffset(number * static_cast<int64_t>(kSmallSegment)));
  };
  store.kill();
  std::vector<std::byte> bytes(kSmallSegment);
  write_file(segment(2), bytes);
  bytes[100] = std::byte{1};  // a page in the midst of what was never synced
  write_file(segment(1), bytes);
  for (int i = 0; i < 2; ++i) {
    store.open();
    CHECK(store.bodies() == numbered(0, 3));
    CHECK_FALSE(std::filesystem::exists(segment(2)));
    store.close();
  }
  store.open();
  put_numbered(store, 3, 100);
  store.settle();
  CHECK(store.bodies() == numbered(0, 100));
}

TEST_CASE("After a crash the index is made again where it is gone", "[recovery]") {
  StoreOptions options = small_options();
  options.index = true;
  TestStore store(options);
  std::vector<PhysicalOffset> at;
  for (int i = 0; i < 60; ++i) at.push_back(store.put("m", "T", 0, "KEYS\x01k" + std::to_string(i) + "\x02").offset);
  store.kill();
  std::filesystem::remove_all(store.path("index"));
  store.open();
  for (size_t i = 0; i < at.size(); ++i) {
    const auto found = store->query_message("T", "k" + std::to_string(i), 10, EpochMs(0), EpochMs(INT64_MAX));
    REQUIRE(found.has_value());
    CHECK(*found == std::vector{at[i]});
  }
}

TEST_CASE("A topic in the log that leads out of the store makes no queue, and no file", "[recovery]") {
  TestStore store;
  const PutMessageResult evil = store.put("m0", "xx_xx_evil");
  store.put("m0");
  store.kill();
  std::filesystem::remove_all(store.path("consumequeue"));
  constexpr int64_t kTopicAt = 88 + 2 + 1;
  const Bytes topic = as_bytes("../../evil");
  overwrite(store.segment_path(evil.offset), position_of(evil.offset + kTopicAt), {topic.begin(), topic.end()});
  store.open();
  CHECK(store.view_at(evil.offset).topic == "../../evil");
  CHECK(store.bodies() == numbered(0, 1));
  CHECK(store->consume_queues().all().size() == 1);
  CHECK_FALSE(std::filesystem::exists(store.path("../evil")));
  CHECK_FALSE(std::filesystem::exists(store.path("evil")));
}

TEST_CASE("Killed again and again, a store keeps every message", "[recovery]") {
  TestStore store;
  for (int round = 0; round < 6; ++round) {
    put_numbered(store, round * 30, round * 30 + 30);
    store.kill();
    store.open();
    CHECK(store->recovery().after_crash);
    CHECK(store.bodies() == numbered(0, round * 30 + 30));
  }
}

TEST_CASE("Golden stores: opened, written to, stopped, opened again", "[recovery][golden]") {
  for (const char* set : kGoldenSets) {
    INFO(set);
    const GoldenStore golden(set);
    StoreOptions options;
    options.root = golden.root();
    TestStore store(options);
    CHECK(store->recovery().after_crash == (std::string_view(set) == "apache-5.3.3-kill9"));
    CHECK(store->max_offset() == PhysicalOffset(golden.end()));
    CHECK(store.put("m0", "added-later", 5).queue_offset == QueueOffset(0));
    store.reopen();
    CHECK_FALSE(store->recovery().after_crash);
    CHECK(store.bodies("added-later", 5) == numbered(0, 1));
  }
}

TEST_CASE("Golden stores: killed, without queues, they are what they were", "[recovery][golden]") {
  for (const char* set : {"tiny-5.5.0", "apache-5.5.0-ipv6-v2"}) {
    INFO(set);
    const GoldenStore golden(set);
    golden.remove("consumequeue");
    golden.remove("checkpoint");
    golden.create("abort", "1");
    StoreOptions options;
    options.root = golden.root();
    TestStore store(options);
    size_t wrong = 0;
    for (const GoldenRecord& record : golden.records()) {
      if (record.blank) continue;
      const ConsumeQueue* queue = store->consume_queues().find(record.topic, QueueId(record.queue));
      const auto unit = queue == nullptr ? std::nullopt : queue->unit(QueueOffset(record.queue_offset));
      if (!unit || unit->physical_offset.value() != record.offset || unit->size != record.size) ++wrong;
    }
    CHECK(wrong == 0);
  }
}

// A store of three queues that was killed while its checkpoint vouched for the first 60 of 100 messages of each.
void kill_with_checkpoint_behind(TestStore& store) {
  for (int i = 0; i < 100; ++i) {
    if (i == 60) store.clock().advance_ms(60000);
    if (i == 80) store.reopen();
    for (const auto& [topic, queue] : {std::pair("T", 0), std::pair("U", 0), std::pair("U", 7)}) {
      store.put("m" + std::to_string(i), topic, queue);
    }
  }
  store.kill();
}

void write_at(TestStore& store, PhysicalOffset record, size_t field, int64_t value) {
  std::vector<std::byte> bytes(8);
  store_be(bytes.data(), value);
  overwrite(store.segment_path(record), position_of(record) + field, bytes);
}

TEST_CASE("A record whose queue offset was damaged stays where its queue has it", "[recovery]") {
  for (const int64_t wrong : {0, 49, 51, 70, 1 << 30, -1}) {
    INFO("queue offset " << wrong);
    TestStore store;
    const std::vector<PutMessageResult> puts = put_numbered(store, 0, 100);
    store.kill();
    write_at(store, puts[50].offset, RecordLayout::kQueueOffsetAt, wrong);
    store.open();
    CHECK(store.bodies() == numbered(0, 100));
    CHECK(store.put("m100").queue_offset == QueueOffset(100));
  }
}

TEST_CASE("A record whose place was damaged is kept where its queue names it, and put right", "[recovery]") {
  for (const bool crash : {true, false}) {
    for (const size_t victim : {50u, 99u}) {
      INFO("crash " << crash << ", record " << victim);
      if (!crash && victim != 99) continue;  // not looked at
      TestStore store;
      const std::vector<PutMessageResult> puts = put_numbered(store, 0, 100);
      if (crash) {
        store.kill();
      } else {
        store.close();
      }
      write_at(store, puts[victim].offset, RecordLayout::kPhysicalOffsetAt, puts[victim].offset.value() ^ 1);
      store.open();
      CHECK(store.bodies() == numbered(0, 100));
      CHECK(store->recovery().notes.size() == 1);
      if (crash) CHECK(store->recovery().records_scanned == 100);
      CHECK(store->max_offset() == puts[99].end);
      CHECK(store.view_at(puts[victim].offset).physical_offset == puts[victim].offset);
    }
  }
}

TEST_CASE("A stale copy of a record behind the end is cut off: no queue names it", "[recovery]") {
  TestStore store;
  const std::vector<PutMessageResult> puts = put_numbered(store, 0, 10);
  store.kill();
  const std::vector<std::byte> segment = read_file(store.segment_path(puts[9].offset));
  overwrite(store.segment_path(puts[9].end), position_of(puts[9].end),
            {segment.begin() + puts[9].offset.value(), segment.begin() + puts[9].end.value()});
  store.open();
  CHECK(store->max_offset() == puts[9].end);
  CHECK(store.bodies() == numbered(0, 10));
}

TEST_CASE("Refused for damage, a store keeps its wrong places as well", "[recovery]") {
  TestStore store;
  const std::vector<PutMessageResult> puts = put_numbered(store, 0, 100);
  store.kill();
  write_at(store, puts[40].offset, RecordLayout::kPhysicalOffsetAt, 1);
  flip_body(store, puts[50]);
  const Tree before = tree_of(store.path("commitlog"));
  CHECK(store.try_open().code() == Errc::kCorruption);
  CHECK(tree_of(store.path("commitlog")) == before);
}

TEST_CASE("Damage before what the checkpoint vouches for ends nothing where only the index is made again",
          "[recovery]") {
  StoreOptions options = small_options();
  options.index = true;
  TestStore store(options);
  kill_with_checkpoint_behind(store);
  std::filesystem::remove_all(store.path("index"));
  overwrite(store.path("commitlog/" + offset_file_name(0)), 4, {std::byte{0xFF}});
  store.open();
  CHECK(store->recovery().scanned_from == PhysicalOffset(0));
  CHECK(store->max_queue_offset("U", QueueId(7)) == QueueOffset(100));
  CHECK(store->max_queue_offset("T", kQueue) == QueueOffset(100));
}

TEST_CASE("Queues that are all gone are made again from the beginning, whatever the checkpoint says", "[recovery]") {
  TestStore store;
  kill_with_checkpoint_behind(store);
  std::filesystem::remove_all(store.path("consumequeue"));
  store.open();
  CHECK(store->recovery().records_dispatched == 300);
  check_three_queues(store, 100);
}

TEST_CASE("After a clean stop a key index that contradicts itself is made again, and the queues stay", "[recovery]") {
  StoreOptions options = small_options();
  options.index = true;
  TestStore store(options);
  for (int i = 0; i < 100; ++i)
    store.put("m" + std::to_string(i), "T", 0,
              "KEYS\x01"
              "k\x02");
  store.close();
  const auto file = std::filesystem::directory_iterator(store.path("index"))->path();
  overwrite(file.string(), 36, {std::byte{0x40}});
  store.open();
  CHECK(store->recovery().scanned_from == PhysicalOffset(0));
  CHECK(store->recovery().notes.size() == 1);
  CHECK(store->query_message("T", "k", 1000, EpochMs(0), EpochMs(INT64_MAX))->size() == 100);
  CHECK(store.bodies() == numbered(0, 100));
}
