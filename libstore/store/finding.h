// Finding: one thing that verify found not to be as it should, as a value: what, where, how much, and what it means
// for a broker that opens the store. The class names are part of the command-line contract.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "libstore/base/types.h"
#include "libstore/index/consume_queue_reader.h"

namespace mqctl {

enum class FindingClass : uint8_t {
  kTornTail,
  kBadMagic,
  kBadSize,
  kBodyCrc,
  kPropCrc,
  kWrongOffset,
  kGap,
  kStaleBytes,
  kBlankMissing,
  kCqMissing,
  kCqDangling,
  kCqMismatch,
  kIndexMissing,
  kIndexDangling,
  kIndexBroken,
  kShortFile,
  kOversizedFile,
  kStrayFile,
};

std::string_view finding_name(FindingClass kind);  // "torn-tail", "bad-magic", ...

struct Finding {
  FindingClass kind = FindingClass::kBadMagic;
  std::string file;                      // below the store's root where there is one: "commitlog/00000000000000000000"
  uint64_t position = 0;                 // in the file
  uint64_t length = 0;                   // bytes in the file
  std::optional<PhysicalOffset> offset;  // in the commit log
  std::optional<QueueKey> queue;
  std::optional<QueueOffset> queue_offset;  // the first one
  uint64_t count = 1;                       // records, units or entries that it stands for
  std::string detail;
  std::string impact;
};

// Keeps the first `max` findings and counts all.
class FindingList {
 public:
  explicit FindingList(uint64_t max) : max_(max) {}
  void add(Finding finding) {
    if (kept_.size() < max_) kept_.push_back(std::move(finding));
    ++total_;
  }
  void add_omitted(uint64_t count) { total_ += count; }
  uint64_t total() const { return total_; }
  bool full() const { return kept_.size() >= max_; }
  std::vector<Finding>& kept() { return kept_; }
  const std::vector<Finding>& kept() const { return kept_; }

 private:
  uint64_t max_;
  std::vector<Finding> kept_;
  uint64_t total_ = 0;
};

// "1 message", "2,113 messages": numbers in texts for people.
std::string counted(uint64_t count, std::string_view one);
std::string grouped(uint64_t number);

}  // namespace mqctl
