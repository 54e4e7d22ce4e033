// ConsumeQueueStore: which queues there are, and what becomes of all of them together.
#include <catch2/catch.hpp>
#include <filesystem>
#include <thread>

#include "libstore/message/system_flag.h"
#include "tests/unit/index/index_support.h"

using namespace mqctl;
using namespace mqctl::test;

namespace {

class Queues {
 public:
  explicit Queues(uint64_t segment_bytes = 100, MultiDispatch multi = MultiDispatch::kOff) {
    REQUIRE(text_of(reopen(segment_bytes, multi)) == "ok");
  }
  Status reopen(uint64_t segment_bytes = 0, MultiDispatch multi = MultiDispatch::kOff) {
    store_ = std::make_unique<ConsumeQueueStore>(
        posix_file_system(),
        ConsumeQueueStoreOptions{.directory = directory(), .segment_bytes = segment_bytes, .multi_dispatch = multi});
    if (Status status = store_->load(); !status.ok()) return status;
    return store_->recover();
  }
  std::string root() const { return directory_.path(); }
  std::string directory() const { return root() + "/consumequeue"; }
  ConsumeQueueStore& operator*() { return *store_; }
  ConsumeQueueStore* operator->() { return store_.get(); }

 private:
  TemporaryDirectory directory_;
  std::unique_ptr<ConsumeQueueStore> store_;
};

// A log in which three queues take turns.
const char* const kTopics[] = {"A", "B", "B"};
const int32_t kIds[] = {0, 0, 12};
DispatchRequest turn(int64_t number) {
  DispatchRequest request = request_of(number, kTopics[number % 3], QueueId(kIds[number % 3]));
  request.queue_offset = QueueOffset(number / 3);
  return request;
}
void put_turns(ConsumeQueueStore& store, int64_t from, int64_t to) {
  for (int64_t i = from; i < to; ++i) REQUIRE(text_of(store.put(turn(i))) == "ok");
}

std::string names_of(const ConsumeQueueStore& store) {
  std::string names;
  for (const ConsumeQueue* queue : store.all()) {
    names += queue->topic() + "/" + std::to_string(queue->queue_id().value()) + ":" +
             std::to_string(queue->min_offset().value()) + "-" + std::to_string(queue->max_offset().value()) + " ";
  }
  return names;
}

}  // namespace

TEST_CASE("Records go to their queues, which are there again after a restart") {
  Queues queues;
  put_turns(*queues, 0, 31);
  CHECK(names_of(*queues) == "A/0:0-11 B/0:0-10 B/12:0-10 ");
  REQUIRE(queues.reopen().ok());
  CHECK(names_of(*queues) == "A/0:0-11 B/0:0-10 B/12:0-10 ");
  CHECK(queues->segment_bytes() == 100);
  CHECK(queues->max_physical_offset() == PhysicalOffset(3100));
  CHECK(queues->last_unit()->physical_offset == PhysicalOffset(3000));
  CHECK(queues->find("B", QueueId(12))->unit(QueueOffset(9))->physical_offset == PhysicalOffset(2900));
  CHECK(queues->find("B", QueueId(1)) == nullptr);
  CHECK(queues->find("C", QueueId(0)) == nullptr);
}

TEST_CASE("A store without queues is empty, and what was never made has no end") {
  Queues queues;
  CHECK(queues->all().empty());
  CHECK(queues->max_physical_offset() == PhysicalOffset(0));
  CHECK_FALSE(queues->last_unit().has_value());
  CHECK_FALSE(std::filesystem::exists(queues.directory()));
}

TEST_CASE("Prepared and rolled-back records enter no queue, committed ones do") {
  Queues queues;
  for (const int32_t flag : {sys_flag::kPrepared, sys_flag::kRollback}) {
    DispatchRequest request = request_of(0);
    request.sys_flag = flag;
    CHECK(queues->put(request).ok());
  }
  CHECK(queues->all().empty());
  DispatchRequest request = request_of(0);
  request.sys_flag = sys_flag::kCommit;
  CHECK(queues->put(request).ok());
  CHECK(names_of(*queues) == "T/0:0-1 ");
}

TEST_CASE("Files that are there decide the size of segments, whatever the options say") {
  Queues queues;
  put_turns(*queues, 0, 6);
  REQUIRE(queues.reopen(6000000).ok());
  CHECK(queues->segment_bytes() == 100);
  put_turns(*queues, 6, 60);
  CHECK(names_of(*queues) == "A/0:0-20 B/0:0-20 B/12:0-20 ");
  Queues fresh(0);
  CHECK(fresh->segment_bytes() == kDefaultConsumeQueueSegmentBytes);
}

TEST_CASE("What is no segment does not decide their size") {
  Queues queues;
  REQUIRE(queues->put(request_of(0, "A")).ok());
  for (const char* name : {"notes", "0", "-0000000000000000000"}) {
    write_file(queues.directory() + "/A/0/" + name, as_bytes("x"));
  }
  REQUIRE(text_of(queues.reopen(6000000)) == "ok");
  CHECK(queues->segment_bytes() == 100);
}

TEST_CASE("A segment of another size than most is refused by name") {
  Queues queues;
  put_turns(*queues, 0, 6);
  std::filesystem::resize_file(queues.directory() + "/A/0/" + offset_file_name(0), 140);
  const Status status = queues.reopen();
  REQUIRE_FALSE(status.ok());
  CHECK(status.code() == Errc::kCorruption);
  CHECK(status.path() == queues.directory() + "/A/0/" + offset_file_name(0));
}

TEST_CASE("What is no queue's directory is left alone; one without files is a queue") {
  Queues queues;
  put_turns(*queues, 0, 6);
  for (const char* name : {"A/x", "A/-1", "A/07", "A/99999999999", "A/7"}) {
    std::filesystem::create_directories(queues.directory() + "/" + name);
  }
  write_file(queues.directory() + "/stray", as_bytes("x"));
  write_file(queues.directory() + "/A/notes", as_bytes("x"));
  write_file(queues.directory() + "/A/0/notes", as_bytes("x"));
  write_file(queues.directory() + "/A/8/" + offset_file_name(0), Bytes());
  REQUIRE(text_of(queues.reopen()) == "ok");
  CHECK(names_of(*queues) == "A/0:0-2 A/7:0-0 A/8:0-0 B/0:0-2 B/12:0-2 ");
  CHECK(std::filesystem::exists(queues.directory() + "/A/0/notes"));
  CHECK(queues->put(request_of(0, "A", QueueId(8))).ok());  // the empty file went, so it can be made
}

TEST_CASE("RocksDB and batch queues are refused, as what they are") {
  {
    Queues queues;
    write_file(queues.directory() + "/CURRENT", as_bytes("MANIFEST-000004\n"));
    const Status status = queues.reopen();
    REQUIRE_FALSE(status.ok());
    CHECK(status.code() == Errc::kUnsupported);
    CHECK(status.message().find("RocksDB") != std::string::npos);
    CHECK(status.path() == queues.directory());
  }
  Queues queues;
  std::filesystem::create_directories(queues.root() + "/batchconsumequeue");
  CHECK(queues.reopen().ok());
  std::filesystem::create_directories(queues.root() + "/batchconsumequeue/Bulk/0");
  const Status status = queues.reopen();
  REQUIRE_FALSE(status.ok());
  CHECK(status.code() == Errc::kUnsupported);
  CHECK(status.message().find("topic Bulk has batch queues") != std::string::npos);
}

TEST_CASE("Truncating all queues to the log and dispatching again gives the same queues") {
  for (int64_t end = 0; end <= 31; ++end) {
    Queues queues;
    put_turns(*queues, 0, 31);
    const auto before = tree_of(queues.directory());
    REQUIRE(queues->truncate(PhysicalOffset(end * kRecordBytes)).ok());
    CHECK(queues->max_physical_offset() == PhysicalOffset(end * kRecordBytes));
    put_turns(*queues, 0, 31);
    CHECK(tree_of(queues.directory()) == before);
  }
}

TEST_CASE("Retention moves each queue's minimum and deletes its old segments") {
  Queues queues;
  put_turns(*queues, 0, 60);
  CHECK(*queues->delete_expired(PhysicalOffset(2900)) == 5);
  CHECK(names_of(*queues) == "A/0:10-20 B/0:10-20 B/12:9-20 ");
  queues->correct_min_offsets(PhysicalOffset(3000));
  CHECK(names_of(*queues) == "A/0:10-20 B/0:10-20 B/12:10-20 ");
}

TEST_CASE("All queues destroyed: nothing is left, and dispatch begins anew") {
  Queues queues;
  put_turns(*queues, 0, 31);
  REQUIRE(queues->destroy_all().ok());
  CHECK(tree_of(queues.directory()).empty());
  put_turns(*queues, 0, 7);
  CHECK(names_of(*queues) == "A/0:0-3 B/0:0-2 B/12:0-2 ");
}

TEST_CASE("behaviour 49: multi-dispatch gives each named queue a unit, where it is on") {
  const std::string properties =
      "INNER_MULTI_DISPATCH\x01%LMQ%a,%LMQ%b,x/y,plain\x02INNER_MULTI_QUEUE_OFFSET\x01"
      "0,3,1,0\x02";
  DispatchRequest request = request_of(0, "T", QueueId(2));
  request.properties = properties;
  Queues off;
  REQUIRE(off->put(request).ok());
  CHECK(names_of(*off) == "T/2:0-1 ");

  Queues on(100, MultiDispatch::kOn);
  REQUIRE(on->put(request).ok());
  CHECK(names_of(*on) == "%LMQ%a/0:0-1 %LMQ%b/0:3-4 T/2:0-1 plain/2:0-1 ");
  CHECK(on->find("%LMQ%b", QueueId(0))->last_unit() == unit_of(0));
  REQUIRE(on->put(request).ok());
  CHECK(names_of(*on) == "%LMQ%a/0:0-1 %LMQ%b/0:3-4 T/2:0-1 plain/2:0-1 ");
}

TEST_CASE("behaviour 49: multi-dispatch that cannot be followed leaves the message in its own queue") {
  for (const char* properties : {"INNER_MULTI_DISPATCH\x01%LMQ%a,%LMQ%b\x02INNER_MULTI_QUEUE_OFFSET\x01"
                                 "0\x02",
                                 "INNER_MULTI_DISPATCH\x01%LMQ%a\x02INNER_MULTI_QUEUE_OFFSET\x01x\x02",
                                 "INNER_MULTI_DISPATCH\x01%LMQ%a\x02", ""}) {
    Queues queues(100, MultiDispatch::kOn);
    DispatchRequest request = request_of(0);
    request.properties = properties;
    CHECK(queues->put(request).ok());
    CHECK(names_of(*queues) == "T/0:0-1 ");
  }
  for (const char* topic : {"%RETRY%g", "rmq_sys_wheel_timer", "SCHEDULE_TOPIC_XXXX"}) {
    Queues queues(100, MultiDispatch::kOn);
    DispatchRequest request = request_of(0, topic);
    request.properties =
        "INNER_MULTI_DISPATCH\x01%LMQ%a\x02INNER_MULTI_QUEUE_OFFSET\x01"
        "0\x02";
    CHECK(queues->put(request).ok());
    CHECK(queues->all().size() == 1);
  }
}

TEST_CASE("Queues are found by readers while dispatch makes new ones") {
  Queues queues;
  constexpr int32_t kQueues = 300;
  std::atomic<int32_t> made{0};
  std::thread reader([&] {
    while (made.load() < kQueues) {
      for (int32_t id = 0, end = made.load(); id < end; ++id) {
        ConsumeQueue* queue = queues->find("T", QueueId(id));
        if (queue == nullptr || queue->max_offset() != QueueOffset(1)) return made.store(INT32_MAX);
      }
    }
  });
  for (int32_t id = 0; id < kQueues; ++id) {
    DispatchRequest request = request_of(0, "T", QueueId(id));
    request.physical_offset = PhysicalOffset(id * kRecordBytes);
    REQUIRE(queues->put(request).ok());
    ++made;
  }
  reader.join();
  CHECK(made.load() == kQueues);
}
