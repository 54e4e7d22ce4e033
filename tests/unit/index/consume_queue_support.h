// A consume queue of five units a file, on disk, for tests.
#pragma once

#include <catch2/catch.hpp>
#include <memory>
#include <string>
#include <vector>

#include "tests/unit/index/index_support.h"

namespace mqctl::test {

inline constexpr uint64_t kSegment = 100;  // five units

class TestQueue {
 public:
  explicit TestQueue(uint64_t segment_bytes = kSegment) : segment_bytes_(segment_bytes) { reopen(); }

  void reopen() {
    queue_.reset();
    queue_ = std::make_unique<ConsumeQueue>(posix_file_system(), "T", QueueId(0), directory(), segment_bytes_,
                                            directory_.path() + "/ext");
    REQUIRE(text_of(queue_->load()) == "ok");
    REQUIRE(text_of(queue_->recover()) == "ok");
  }
  void put(int64_t from, int64_t to) {
    for (int64_t i = from; i < to; ++i) REQUIRE(text_of(queue_->put(request_of(i))) == "ok");
  }
  std::string directory() const { return directory_.path() + "/queue"; }
  std::string file(int64_t base) const { return directory() + "/" + offset_file_name(base); }
  std::string ext_file() const { return directory_.path() + "/ext/" + offset_file_name(0); }
  size_t file_count() const { return tree_of(directory()).size(); }
  ConsumeQueue& operator*() { return *queue_; }
  ConsumeQueue* operator->() { return queue_.get(); }

 private:
  const uint64_t segment_bytes_;
  TemporaryDirectory directory_;
  std::unique_ptr<ConsumeQueue> queue_;
};

inline std::vector<std::byte> segment_of(const std::vector<ConsumeQueueUnit>& units) {
  std::vector<std::byte> bytes(kSegment);
  for (size_t i = 0; i < units.size(); ++i) units[i].store(bytes.data() + i * ConsumeQueueUnit::kEncodedBytes);
  return bytes;
}

}  // namespace mqctl::test
