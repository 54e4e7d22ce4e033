// What the tests of the index room share: requests made by hand, and the replay of a genuine log.
#pragma once

#include <catch2/catch.hpp>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "libstore/index/consume_queue.h"
#include "libstore/index/consume_queue_store.h"
#include "libstore/index/index_service.h"
#include "libstore/log/log_walk.h"
#include "tests/unit/support/golden_store.h"

namespace mqctl::test {

inline constexpr int32_t kRecordBytes = 100;

// Message `number` of a log that holds nothing but records of one queue, each of 100 bytes.
inline DispatchRequest request_of(int64_t number, std::string_view topic = "T", QueueId queue = QueueId(0)) {
  DispatchRequest request;
  request.topic = topic;
  request.queue_id = queue;
  request.queue_offset = QueueOffset(number);
  request.physical_offset = PhysicalOffset(number * kRecordBytes);
  request.size = kRecordBytes;
  request.tags_code = number * 7;
  request.stored = EpochMs(1700000000000 + number * 10);
  return request;
}

inline ConsumeQueueUnit unit_of(int64_t number) {
  return {PhysicalOffset(number * kRecordBytes), kRecordBytes, number * 7};
}

inline std::vector<ConsumeQueueUnit> units_of(const ConsumeQueue& queue) {
  std::vector<ConsumeQueueUnit> units;
  for (QueueOffset at = queue.min_offset(); at < queue.max_offset(); ++at) {
    const std::optional<ConsumeQueueUnit> unit = queue.unit(at);
    REQUIRE(unit.has_value());
    units.push_back(*unit);
  }
  return units;
}

inline std::vector<ConsumeQueueUnit> expected_units(int64_t from, int64_t to) {
  std::vector<ConsumeQueueUnit> units;
  for (int64_t i = from; i < to; ++i) units.push_back(unit_of(i));
  return units;
}

inline std::string text_of(const Status& status) { return status.to_string(); }

// Every file below a directory with its content.
inline std::map<std::string, std::vector<std::byte>> tree_of(const std::string& directory) {
  std::map<std::string, std::vector<std::byte>> files;
  if (!std::filesystem::exists(directory)) return files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory)) {
    if (!entry.is_regular_file()) continue;
    files[std::filesystem::relative(entry.path(), directory).string()] = read_file(entry.path().string());
  }
  return files;
}

// The delay levels that the brokers of the golden sets had.
inline DelayLevelTable golden_levels() {
  return *DelayLevelTable::parse("1s 2s 5s 30s 1m 2m 3m 4m 5m 6m 7m 8m 9m 10m 20m 30m 1h 2h");
}

// Every record of a golden log, in order.
template <class Visit>
void replay(const GoldenStore& golden, const Visit& visit) {
  const uint64_t segment = std::filesystem::file_size(golden.path("commitlog/00000000000000000000"));
  MappedFileQueue files(posix_file_system(), {.directories = {golden.path("commitlog")},
                                              .read_only_directories = {},
                                              .file_bytes = segment,
                                              .blocks = Blocks::kAhead});
  REQUIRE(files.load().ok());
  const DelayLevelTable levels = golden_levels();
  Result<LogWalk> walk = walk_log(files, PhysicalOffset(0), CrcCheck::kBody, [&](const MessageView& message) {
    visit(make_dispatch_request(message, levels));
    return Status();
  });
  REQUIRE(walk.has_value());
  REQUIRE(walk->end.value() == golden.end());
}

}  // namespace mqctl::test
