// Puts that are answered when the disk has them, without a thread that waits.
#include <thread>

#include "tests/unit/store/held_disk.h"

using namespace mqctl;
using namespace mqctl::test;

namespace {

// What became of puts, in the order in which they were told.
class Outcomes {
 public:
  DefaultMessageStore::PutDone take() {
    return [this](const PutMessageResult& result) {
      std::lock_guard lock(mutex_);
      results_.push_back(result);
      changed_.notify_all();
    };
  }
  std::vector<PutMessageResult> await(size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return results_.size() >= count; });
    return results_;
  }
  size_t count() {
    std::lock_guard lock(mutex_);
    return results_.size();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<PutMessageResult> results_;
};

void put(TestStore& store, const std::string& body, Outcomes& outcomes) {
  const MessageDraft draft = draft_of(body);
  store->put_messages({&draft, 1}, outcomes.take());
}

std::vector<int64_t> queue_offsets(const std::vector<PutMessageResult>& results) {
  std::vector<int64_t> offsets;
  for (const PutMessageResult& result : results) offsets.push_back(result.queue_offset.value());
  return offsets;
}

}  // namespace

TEST_CASE("Deferred puts: none is answered before it is on disk, then all by one sync, in order", "[flush]") {
  HeldDisk disk;
  TestStore store(sync_options(), disk.file_system());
  Outcomes outcomes;
  disk.close_gate();
  put(store, "m0", outcomes);
  disk.wait_until_held();
  for (const std::string& body : numbered(1, 10)) put(store, body, outcomes);
  CHECK(outcomes.count() == 0);
  disk.open_gate();
  const std::vector<PutMessageResult> results = outcomes.await(10);
  for (const PutMessageResult& result : results) {
    CHECK(result.status == PutMessageStatus::kPutOk);
    CHECK(store->commit_log().flushed_where() >= result.end);
  }
  CHECK(queue_offsets(results) == std::vector<int64_t>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9});
  CHECK(disk.syncs() == 2);
  store.settle();
  CHECK(store.bodies() == numbered(0, 10));
}

TEST_CASE("Deferred puts of a batch ask for the disk once, at its end", "[flush]") {
  HeldDisk disk;
  TestStore store(sync_options(), disk.file_system());
  Outcomes outcomes;
  store->defer_dispatch();
  for (const std::string& body : numbered(0, 20)) put(store, body, outcomes);
  CHECK(disk.syncs() == 0);
  store->dispatch_deferred();
  CHECK(outcomes.await(20).size() == 20);
  CHECK(disk.syncs() == 1);
}

TEST_CASE("Deferred puts with async flush, and refused ones, are answered at once", "[flush]") {
  TestStore store(small_options());
  Outcomes outcomes;
  put(store, "m0", outcomes);
  REQUIRE(outcomes.count() == 1);
  CHECK(outcomes.await(1)[0].status == PutMessageStatus::kPutOk);
  TestStore synced(sync_options());
  MessageDraft nameless = draft_of("m1");
  nameless.topic = "";
  synced->put_messages({&nameless, 1}, outcomes.take());
  REQUIRE(outcomes.count() == 2);
  CHECK(outcomes.await(2)[1].status == PutMessageStatus::kMessageIllegal);
}

TEST_CASE("Deferred puts that the disk does not take in time get FLUSH_DISK_TIMEOUT while it is still held up",
          "[flush]") {
  HeldDisk disk;
  TestStore store(sync_options(std::chrono::milliseconds(20)), disk.file_system());
  Outcomes outcomes;
  disk.close_gate();
  put(store, "m0", outcomes);
  put(store, "m1", outcomes);
  for (const PutMessageResult& late : outcomes.await(2)) CHECK(late.status == PutMessageStatus::kFlushDiskTimeout);
  CHECK(store->commit_log().flushed_where() == PhysicalOffset(0));
  disk.open_gate();
  store.settle();
  disk.close_gate();
  put(store, "m2", outcomes);  // whoever watches over the limit may have gone to sleep
  CHECK(outcomes.await(3)[2].status == PutMessageStatus::kFlushDiskTimeout);
  disk.open_gate();
  store.settle();
  CHECK(store.bodies() == numbered(0, 3));
}

TEST_CASE("Deferred puts whose sync fails are told so, each of them", "[flush]") {
  HeldDisk disk;
  TestStore store(sync_options(), disk.file_system());
  Outcomes outcomes;
  disk.close_gate();
  put(store, "m0", outcomes);
  disk.wait_until_held();
  put(store, "m1", outcomes);
  disk.fail();
  disk.open_gate();
  for (const PutMessageResult& lost : outcomes.await(2)) {
    CHECK(lost.status == PutMessageStatus::kUnknownError);
    CHECK(lost.reason.find("the disk is gone") != std::string::npos);
  }
  CHECK_FALSE(store->shutdown().ok());
}

TEST_CASE("Deferred puts are all answered when the store is closed", "[flush]") {
  HeldDisk disk;
  TestStore store(sync_options(), disk.file_system());
  Outcomes outcomes;
  disk.close_gate();
  put(store, "m0", outcomes);
  disk.wait_until_held();
  put(store, "m1", outcomes);
  std::thread closing([&] { CHECK(store->shutdown().ok()); });
  disk.open_gate();
  closing.join();
  CHECK(outcomes.count() == 2);
  for (const PutMessageResult& result : outcomes.await(2)) CHECK(result.status == PutMessageStatus::kPutOk);
}

TEST_CASE("Deferred puts from many threads: each answered once, all of them there", "[flush][threads]") {
  constexpr int kPutters = 4, kEach = 200;
  TestStore store(sync_options());
  Outcomes outcomes;
  std::vector<std::thread> threads;
  for (int putter = 0; putter < kPutters; ++putter) {
    threads.emplace_back([&, putter] {
      for (int i = 0; i < kEach; ++i) put(store, std::to_string(putter * kEach + i), outcomes);
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::vector<int64_t> offsets = queue_offsets(outcomes.await(kPutters * kEach));
  std::sort(offsets.begin(), offsets.end());
  REQUIRE(offsets.size() == kPutters * kEach);
  for (size_t i = 0; i < offsets.size(); ++i) CHECK(offsets[i] == static_cast<int64_t>(i));
  store.settle();
  CHECK(store.bodies().size() == kPutters * kEach);
}
