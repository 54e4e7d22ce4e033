// An index of its own, and the messages that are put into it: message `number` has a unique key, two words of KEYS, and
// every other one a tag.
#pragma once

#include <memory>
#include <optional>

#include "tests/unit/index/index_support.h"

namespace mqctl::test {

inline constexpr IndexGeometry kSmall{10, 40};
inline constexpr EpochMs kForever(INT64_MAX);

class Index {
 public:
  explicit Index(TagEntries tags = TagEntries::kWrite) : tags_(tags) { REQUIRE(reopen().ok()); }
  Status reopen(LastExit last_exit = LastExit::kClean, EpochMs safe = EpochMs(0), IndexGeometry geometry = kSmall) {
    index_ = std::make_unique<IndexService>(
        posix_file_system(), clock_,
        IndexServiceOptions{.directory = directory(), .checkpoint = checkpoint(), .geometry = geometry, .tags = tags_});
    return index_->load(last_exit, safe);
  }
  // Each key of message `number`, of which every record has two, besides its own.
  void put(int64_t from, int64_t to) {
    for (int64_t i = from; i < to; ++i) REQUIRE(text_of(put_one(i)) == "ok");
  }
  Status put_one(int64_t number) {
    const std::string uniq = "U" + std::to_string(number);
    const std::string keys = "all  k" + std::to_string(number % 5);
    DispatchRequest request = request_of(number);
    request.uniq_key = uniq;
    request.has_uniq_key = true;
    request.keys = keys;
    request.tags = number % 2 == 0 ? "even" : "";
    return index_->put(request);
  }
  std::vector<int64_t> query(std::string_view key, size_t max = 1000, std::string_view topic = "T") const {
    std::vector<int64_t> numbers;
    for (const PhysicalOffset offset : index_->query(topic, key, max, EpochMs(0), kForever)) {
      numbers.push_back(offset.value() / kRecordBytes);
    }
    return numbers;
  }
  std::vector<std::string> names() const {
    std::vector<std::string> names;
    for (const auto& [name, content] : tree_of(directory())) names.push_back(name);
    return names;
  }
  std::string directory() const { return directory_.path() + "/index"; }
  std::string checkpoint() const { return directory_.path() + "/index.checkpoint"; }
  // As DefaultMessageStore::checkpoint() has it.
  void keep() {
    Result<std::optional<IndexMark>> mark = index_->mark();
    REQUIRE(mark.has_value());
    if (*mark) REQUIRE(text_of(index_->keep(**mark)) == "ok");
  }
  ManualClock& clock() { return clock_; }
  IndexService* operator->() { return index_.get(); }

 private:
  const TagEntries tags_;
  TemporaryDirectory directory_;
  ManualClock clock_{EpochMs(1700000000123)};
  std::unique_ptr<IndexService> index_;
};

inline std::vector<int64_t> down_from(int64_t newest, int64_t oldest, int64_t step = 1) {
  std::vector<int64_t> numbers;
  for (int64_t i = newest; i >= oldest; i -= step) numbers.push_back(i);
  return numbers;
}

inline EpochMs stored(int64_t number) { return request_of(number).stored; }

}  // namespace mqctl::test
