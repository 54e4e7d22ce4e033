// Opening a store again: after a clean stop, after kill -9, and where its log ends then.
#include <sys/wait.h>
#include <unistd.h>

#include <array>

#include "tests/unit/store/recovery_support.h"

using namespace mqctl;
using namespace mqctl::test;

namespace {

constexpr QueueId kQueue(0);

// What behaviours 76 and 77 damage: topic length and properties of a record without properties, "T" as its topic.
void zero_topic_and_properties(const TestStore& store, const PutMessageResult& record) {
  overwrite(store.segment_path(record.offset), position_of(record.end) - 4, std::vector<std::byte>(4));
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

TEST_CASE("After a clean stop only the end is looked at", "[recovery]") {
  TestStore store;
  put_numbered(store, 0, 500);
  store.reopen();
  CHECK(store->recovery().records_scanned == 1);
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
