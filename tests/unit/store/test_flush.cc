// When messages are on disk, who waits for it, and many threads at once.
#include <algorithm>
#include <atomic>
#include <thread>

#include "tests/unit/store/held_disk.h"

using namespace mqctl;
using namespace mqctl::test;

namespace {

constexpr QueueId kQueue(0);

// Body "<putter>-<number>", so that a reader can tell whether a putter's messages come in its order.
std::string body_of(int putter, int number) { return std::to_string(putter) + "-" + std::to_string(number); }

// For each putter the numbers of its messages, in the order of the queue.
std::vector<std::vector<int>> numbers_by_putter(const std::vector<std::string>& bodies, int putters) {
  std::vector<std::vector<int>> numbers(static_cast<size_t>(putters));
  for (const std::string& body : bodies) {
    const size_t dash = body.find('-');
    numbers.at(std::stoul(body.substr(0, dash))).push_back(std::stoi(body.substr(dash + 1)));
  }
  return numbers;
}

// A get of what there is, seen from any thread: consecutive, each message's own offset, nothing torn.
bool reads_well(DefaultMessageStore& store, int64_t& seen) {
  const GetMessageResult got = store.get_message("T", kQueue, QueueOffset(seen), 1000, SIZE_MAX);
  for (const HeldBytes& held : got.messages) {
    MessageView view;
    if (parse_record(held.bytes(), CrcCheck::kBody, view) != RecordStatus::kRecord) return false;
    if (view.queue_offset != QueueOffset(seen) || view.topic != "T") return false;
    ++seen;
  }
  return true;
}

struct Crowd {
  static constexpr int kPutters = 4, kReaders = 2, kEach = 250;
  std::atomic<int> refused{0}, misread{0}, at_work{kPutters};

  void put(DefaultMessageStore& store, int putter) {
    for (int i = 0; i < kEach; ++i) {
      const std::string body = body_of(putter, i);
      if (store.put_message(draft_of(body)).status != PutMessageStatus::kPutOk) ++refused;
    }
    --at_work;
  }
  void read(DefaultMessageStore& store) {
    int64_t seen = 0;
    while (at_work > 0) {
      if (!reads_well(store, seen)) ++misread;
    }
  }
  void run(DefaultMessageStore& store) {
    std::vector<std::thread> threads;
    for (int i = 0; i < kPutters; ++i) threads.emplace_back([&, i] { put(store, i); });
    for (int i = 0; i < kReaders; ++i) threads.emplace_back([&] { read(store); });
    for (std::thread& thread : threads) thread.join();
    CHECK(refused == 0);
    CHECK(misread == 0);
  }
};

void check_crowd(TestStore& store) {
  const std::vector<std::string> bodies = store.bodies();
  CHECK(bodies.size() == Crowd::kPutters * Crowd::kEach);
  std::vector<int> in_order(Crowd::kEach);
  for (int i = 0; i < Crowd::kEach; ++i) in_order[static_cast<size_t>(i)] = i;
  for (const std::vector<int>& numbers : numbers_by_putter(bodies, Crowd::kPutters)) CHECK(numbers == in_order);
}

}  // namespace

TEST_CASE("behaviour 80: a put whose flush takes too long gets FLUSH_DISK_TIMEOUT and is stored", "[flush]") {
  HeldDisk disk;
  TestStore store(sync_options(std::chrono::milliseconds(20)), disk.file_system());
  disk.close_gate();
  const PutMessageResult late = store->put_message(draft_of("m0"));
  CHECK(late.status == PutMessageStatus::kFlushDiskTimeout);
  CHECK(stored(late.status));
  CHECK(put_status_name(late.status) == "FLUSH_DISK_TIMEOUT");
  CHECK(late.end == store->max_offset());
  disk.open_gate();
  store.settle();
  CHECK(store.bodies() == numbered(0, 1));
}

TEST_CASE("behaviour 80: puts answered in time are PUT_OK, also after one that was not", "[flush]") {
  HeldDisk disk;
  TestStore store(sync_options(std::chrono::milliseconds(20)), disk.file_system());
  disk.close_gate();
  CHECK(store->put_message(draft_of("m0")).status == PutMessageStatus::kFlushDiskTimeout);
  disk.open_gate();
  store.settle();
  store.options().flush.sync_limit = std::chrono::seconds(30);
  store.reopen();
  for (const std::string& body : numbered(1, 50)) {
    const PutMessageResult result = store.put(body);
    CHECK(store->commit_log().flushed_where() >= result.end);
  }
}

TEST_CASE("behaviour 51: with sync flush nothing is seen before it is on disk", "[flush]") {
  HeldDisk disk;
  TestStore store(sync_options(), disk.file_system());
  disk.close_gate();
  std::thread putter([&] { (void)store->put_message(draft_of("m0")); });
  disk.wait_until_held();
  CHECK(store->max_offset() > PhysicalOffset(0));
  CHECK(store->commit_log().confirm_offset() == PhysicalOffset(0));
  CHECK(store->max_queue_offset("T", kQueue) == QueueOffset(0));
  disk.open_gate();
  putter.join();
  store.settle();
  CHECK(store.bodies() == numbered(0, 1));
}

TEST_CASE("behaviour 51: with async flush messages are seen while the disk is held up", "[flush]") {
  HeldDisk disk;
  StoreOptions options = small_options();
  options.flush.interval = std::chrono::milliseconds(1);
  TestStore store(options, disk.file_system());
  disk.close_gate();
  store.put("m0");
  disk.wait_until_held();
  while (store->dispatch_behind_bytes() > 0) std::this_thread::yield();
  CHECK(store.bodies() == numbered(0, 1));
  CHECK(store->commit_log().flushed_where() == PhysicalOffset(0));
  disk.open_gate();
}

TEST_CASE("Sync flush: one sync serves everybody who came while the disk was busy", "[flush]") {
  constexpr int kWaiting = 6;
  HeldDisk disk;
  TestStore store(sync_options(), disk.file_system());
  disk.close_gate();
  std::atomic<int> ok{0};
  const auto put = [&](const std::string& body) {
    if (store->put_message(draft_of(body)).status == PutMessageStatus::kPutOk) ++ok;
  };
  std::vector<std::thread> threads;
  threads.emplace_back(put, "first");
  disk.wait_until_held();
  const int64_t first_end = store->max_offset().value();
  for (int i = 0; i < kWaiting; ++i) threads.emplace_back(put, "other");
  while (store->max_offset().value() < first_end * (1 + kWaiting)) std::this_thread::yield();
  disk.open_gate();
  for (std::thread& thread : threads) thread.join();
  CHECK(ok == 1 + kWaiting);
  CHECK(disk.syncs() == 2);
  CHECK(store->commit_log().flushed_where() == store->max_offset());
}

TEST_CASE("A sync that failed is told to every put after it, and the store stays marked as not closed", "[flush]") {
  HeldDisk disk;
  TestStore store(sync_options(), disk.file_system());
  store.put("m0");
  disk.fail();
  for (int i = 0; i < 3; ++i) {
    const PutMessageResult result = store->put_message(draft_of("lost"));
    CHECK(result.status == (i == 0 ? PutMessageStatus::kUnknownError : PutMessageStatus::kServiceNotAvailable));
    CHECK(result.reason.find("the disk is gone") != std::string::npos);
  }
  CHECK_FALSE(store->shutdown().ok());
  CHECK(std::filesystem::exists(store.path("abort")));
}

TEST_CASE("Async flush: after a sync that failed no put is said to be stored", "[flush]") {
  HeldDisk disk;
  StoreOptions options = small_options();
  options.flush.interval = std::chrono::milliseconds(1);
  TestStore store(options, disk.file_system());
  store.put("m0");
  disk.fail();
  PutMessageResult result;
  do {  // the flush comes when its time has come
    result = store->put_message(draft_of("in memory, as async flush has it"));
    std::this_thread::yield();
  } while (result.status == PutMessageStatus::kPutOk);
  CHECK(result.status == PutMessageStatus::kServiceNotAvailable);
  CHECK(result.reason.find("the disk is gone") != std::string::npos);
  CHECK_FALSE(store->shutdown().ok());
}

TEST_CASE("Sync flush: a put that could not be written changes nothing, and the next takes its place", "[flush]") {
  HeldDisk disk;
  TestStore store(sync_options(), disk.file_system());
  const PutMessageResult first = store.put("m0");
  disk.refuse_writes(true);
  const PutMessageResult refused = store->put_message(draft_of("refused"));
  CHECK_FALSE(stored(refused.status));
  CHECK(refused.reason.find("no room for this") != std::string::npos);
  CHECK(store->max_offset() == first.end);
  disk.refuse_writes(false);
  const PutMessageResult second = store.put("m1");
  CHECK(second.offset == first.end);
  CHECK(second.queue_offset == QueueOffset(1));
  store.reopen();
  CHECK(store.bodies() == numbered(0, 2));
}

TEST_CASE("One wait serves many puts, whatever the flush mode", "[flush]") {
  HeldDisk disk;
  StoreOptions options = small_options();
  options.flush.interval = std::chrono::hours(1);
  TestStore store(options, disk.file_system());
  const std::vector<PutMessageResult> puts = put_numbered(store, 0, 20);
  CHECK(store->commit_log().flushed_where() == PhysicalOffset(0));
  REQUIRE(store->wait_flushed(puts.back().end).ok());
  CHECK(store->commit_log().flushed_where() >= puts.back().end);
  CHECK(disk.syncs() == 1);
  REQUIRE(store->wait_flushed(puts.front().end).ok());
  CHECK(disk.syncs() == 1);
}

TEST_CASE("flush brings log and queues to disk and everything into its queue", "[flush]") {
  StoreOptions options = small_options();
  options.flush.interval = std::chrono::hours(1);
  TestStore store(options);
  put_numbered(store, 0, 200);
  REQUIRE(store->flush().ok());
  CHECK(store->commit_log().flushed_where() == store->max_offset());
  CHECK(store->dispatch_behind_bytes() == 0);
  CHECK(store->max_queue_offset("T", kQueue) == QueueOffset(200));
}

TEST_CASE("Many putters and readers: nothing lost, nothing twice, each putter in its order", "[flush][threads]") {
  for (const PutLockKind lock : {PutLockKind::kMutex, PutLockKind::kSpin}) {
    for (const FlushMode mode : {FlushMode::kAsync, FlushMode::kSync}) {
      StoreOptions options = small_options();
      options.put_lock = lock;
      options.flush.mode = mode;
      TestStore store(options);
      Crowd().run(*store.operator->());
      store.settle();
      check_crowd(store);
      store.reopen();
      check_crowd(store);
    }
  }
}

TEST_CASE("Batches from many threads stay whole", "[flush][threads]") {
  constexpr int kPutters = 4, kBatches = 50, kBatch = 5;
  TestStore store;
  std::vector<std::thread> threads;
  for (int putter = 0; putter < kPutters; ++putter) {
    threads.emplace_back([&, putter] {
      const std::string body = std::to_string(putter);
      const std::vector<MessageDraft> drafts(kBatch, draft_of(body));
      for (int i = 0; i < kBatches; ++i) (void)store->put_messages(drafts);
    });
  }
  for (std::thread& thread : threads) thread.join();
  store.settle();
  const std::vector<std::string> bodies = store.bodies();
  REQUIRE(bodies.size() == kPutters * kBatches * kBatch);
  for (size_t i = 0; i < bodies.size(); ++i) CHECK(bodies[i] == bodies[i / kBatch * kBatch]);
}
