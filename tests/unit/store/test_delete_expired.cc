// Segments that go because they are old, on a disk that is watched and one that says no.
#include <algorithm>

#include "tests/unit/store/store_support.h"
#include "tests/unit/support/hooked_file_system.h"

using namespace mqctl;
using namespace mqctl::test;

namespace {

// Notes the syncs and removals of segments of log and queues; refuses to remove those of the log if told so.
class WatchedDisk {
 public:
  FileSystem* file_system() { return &hooked_; }
  std::vector<std::pair<Operation, std::string>> calls;
  bool refuses = false;

 private:
  Status before(Operation operation, const std::string& path) {
    if (operation != Operation::kMapSync && operation != Operation::kRemove) return {};
    calls.emplace_back(operation, path);
    const bool refused = refuses && operation == Operation::kRemove && path.find("/commitlog/") != path.npos;
    return refused ? Status::error(Errc::kIoError, "it stays") : Status();
  }
  UnsyncedFileSystem unsynced_{posix_file_system()};
  HookedFileSystem hooked_{unsynced_,
                           [this](Operation operation, const std::string& path) { return before(operation, path); }};
};

// Some segments, all dispatched; without threads, so that the calls are this test's alone.
StoreOptions by_steps() {
  StoreOptions options = small_options();
  options.background = Background::kSteps;
  return options;
}

void fill(TestStore& store) {
  const std::string body(100, 'x');
  for (int i = 0; i < 80; ++i) REQUIRE(stored(store->put_message(draft_of(body)).status));
  store->step(DefaultMessageStore::Service::kReput);
  REQUIRE(store->dispatch_behind_bytes() == 0);
}

// The first unit whose record the log still has.
QueueOffset first_kept(TestStore& store) {
  const ConsumeQueue* queue = store->consume_queues().find("T", QueueId(0));
  for (QueueOffset at(0); at < queue->max_offset(); ++at) {
    const std::optional<ConsumeQueueUnit> unit = queue->unit(at);
    if (unit && unit->physical_offset >= store->min_offset()) return at;
  }
  return queue->max_offset();
}

}  // namespace

// How its messages were numbered only the queues know then: without them a queue would begin again.
TEST_CASE("before a segment goes, the units of its messages are on disk", "[retention]") {
  WatchedDisk disk;
  TestStore store(by_steps(), disk.file_system());
  fill(store);
  disk.calls.clear();
  REQUIRE(store->delete_expired_segments(EpochMs(INT64_MAX), 1).value() == 1);
  const auto removal = std::find_if(disk.calls.begin(), disk.calls.end(),
                                    [](const auto& call) { return call.first == Operation::kRemove; });
  REQUIRE(removal != disk.calls.end());
  CHECK(removal->second.find("/commitlog/") != std::string::npos);
  // Two queue files: the first one has no unit left, and goes after its segment.
  for (const char* file : {"T/0/00000000000000000000", "T/0/00000000000000000400"}) {
    CHECK(std::any_of(disk.calls.begin(), removal, [&](const auto& call) {
      return call.first == Operation::kMapSync && call.second.ends_with(file);
    }));
  }
}

TEST_CASE("where nothing is old, nothing is synced", "[retention]") {
  WatchedDisk disk;
  TestStore store(by_steps(), disk.file_system());
  fill(store);
  disk.calls.clear();
  CHECK(store->delete_expired_segments(EpochMs(0), 10).value() == 0);
  CHECK(disk.calls.empty());
}

TEST_CASE("where a segment cannot be removed, the queues still begin where the log does", "[retention]") {
  WatchedDisk disk;
  TestStore store(by_steps(), disk.file_system());
  fill(store);
  disk.refuses = true;
  CHECK_FALSE(store->delete_expired_segments(EpochMs(INT64_MAX), 1).has_value());
  CHECK(store->min_offset() == PhysicalOffset(static_cast<int64_t>(kSmallSegment)));
  CHECK(store->min_queue_offset("T", QueueId(0)) > QueueOffset(0));
  CHECK(store->min_queue_offset("T", QueueId(0)) == first_kept(store));
  // The segment is still there, and back with the next start; so must be its units.
  store.reopen();
  CHECK(store->min_offset() == PhysicalOffset(0));
  CHECK(store->min_queue_offset("T", QueueId(0)) == QueueOffset(0));
}
