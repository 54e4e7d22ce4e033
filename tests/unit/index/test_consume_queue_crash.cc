// Power cuts: of what was written since the last flush any page may be on disk or not, in any order.
#include <catch2/catch.hpp>
#include <random>

#include "tests/unit/index/index_support.h"

using namespace mqctl;
using namespace mqctl::test;

namespace {

using Tree = std::map<std::string, std::vector<std::byte>>;

// Three queues; one of them begins late, with filler before it.
DispatchRequest turn(int64_t number) {
  DispatchRequest request = request_of(number, "T", QueueId(static_cast<int32_t>(number % 3)));
  request.queue_offset = QueueOffset(number / 3 + (number % 3 == 2 ? 7 : 0));
  return request;
}

std::unique_ptr<ConsumeQueueStore> open(const std::string& directory) {
  auto store = std::make_unique<ConsumeQueueStore>(
      posix_file_system(),
      ConsumeQueueStoreOptions{.directory = directory, .segment_bytes = 200, .multi_dispatch = MultiDispatch::kOff});
  REQUIRE(text_of(store->load()) == "ok");
  REQUIRE(text_of(store->recover()) == "ok");
  return store;
}

void put(ConsumeQueueStore& store, int64_t from, int64_t to) {
  for (int64_t i = from; i < to; ++i) REQUIRE(text_of(store.put(turn(i))) == "ok");
}

// Files are made durably, so each is there with its size; a real page ends at a multiple of four bytes of a unit.
Tree after_power_cut(const Tree& flushed, const Tree& written, std::mt19937& random) {
  Tree left;
  const size_t page = std::vector<size_t>{24, 36, 44, 64, 200}[random() % 5];
  const uint64_t lost_in_ten = random() % 11;
  for (const auto& [path, content] : written) {
    std::vector<std::byte> bytes = flushed.contains(path) ? flushed.at(path) : std::vector<std::byte>(content.size());
    for (size_t at = 0; at < content.size(); at += page) {
      if (random() % 10 < lost_in_ten) continue;
      const size_t end = std::min(content.size(), at + page);
      std::copy(content.begin() + static_cast<ptrdiff_t>(at), content.begin() + static_cast<ptrdiff_t>(end),
                bytes.begin() + static_cast<ptrdiff_t>(at));
    }
    left[path] = bytes;
  }
  return left;
}

}  // namespace

TEST_CASE("Whatever pages a power cut took, queues truncated to the last flush are completed from the log",
          "[exhaustive]") {
  for (uint32_t seed = 1; seed <= 300; ++seed) {
    INFO(seed);
    std::mt19937 random(seed);
    const auto flushed_to = static_cast<int64_t>(random() % 120);
    const int64_t written_to = flushed_to + static_cast<int64_t>(random() % 120);
    TemporaryDirectory dir;
    const std::string directory = dir.path() + "/consumequeue";
    auto store = open(directory);
    put(*store, 0, flushed_to);
    REQUIRE(store->flush().ok());
    const Tree flushed = tree_of(directory);
    put(*store, flushed_to, written_to);
    const Tree written = tree_of(directory);
    store.reset();
    for (const auto& [path, content] : after_power_cut(flushed, written, random)) {
      write_file(directory + "/" + path, content);
    }

    store = open(directory);
    REQUIRE(store->truncate(PhysicalOffset(flushed_to * kRecordBytes)).ok());
    CHECK(store->max_physical_offset() == PhysicalOffset(flushed_to * kRecordBytes));
    put(*store, std::max<int64_t>(0, flushed_to - 5), written_to);
    CHECK(tree_of(directory) == written);
  }
}
