// Helpers for tests of recovery.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "tests/unit/store/store_support.h"

namespace mqctl::test {

using Tree = std::map<std::string, std::vector<std::byte>>;
inline Tree tree_of(const std::string& directory) {
  Tree files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory)) {
    if (entry.is_regular_file()) files[entry.path().filename().string()] = read_file(entry.path().string());
  }
  return files;
}

inline uint64_t position_of(PhysicalOffset offset) { return static_cast<uint64_t>(offset.value()) % kSmallSegment; }

inline void flip_body(const TestStore& store, const PutMessageResult& record) {
  overwrite(store.segment_path(record.offset), position_of(record.offset) + 88, {std::byte{0xFF}});
}

// Several segments of three queues that take turns: topics T and U, bodies "m<i>" in both.
inline void put_three_queues(TestStore& store, int turns) {
  for (int i = 0; i < turns; ++i) {
    for (const auto& [topic, queue] : {std::pair("T", 0), std::pair("U", 0), std::pair("U", 7)}) {
      store.put("m" + std::to_string(i), topic, queue);
    }
  }
}
inline void check_three_queues(TestStore& store, int turns) {
  for (const auto& [topic, queue] : {std::pair("T", 0), std::pair("U", 0), std::pair("U", 7)}) {
    INFO(topic << "/" << queue);
    CHECK(store.bodies(topic, queue) == numbered(0, turns));
    CHECK(store->max_queue_offset(topic, QueueId(queue)) == QueueOffset(turns));
  }
}

}  // namespace mqctl::test
