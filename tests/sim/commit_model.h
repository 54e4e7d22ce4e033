// CommitModel: what a group may find as its offset of one queue: the last commit that was answered, or one that is
// still on its way. Anything else has gone back, or ahead, unasked.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <set>
#include <vector>

#include "tests/sim/failure.h"

namespace mqctl::sim {

class CommitModel {
 public:
  // A number for answered().
  uint64_t sent(int64_t offset) {
    ever_.insert(offset);
    open_.push_back({next_, offset});
    return next_++;
  }
  // Requests of one connection are done in their order, and a group has one: what was sent before it is over, too.
  void answered(uint64_t number) {
    const auto found =
        std::find_if(open_.begin(), open_.end(), [&](const Commit& each) { return each.number == number; });
    if (found == open_.end()) return;  // of another life
    settled_ = found->offset;
    std::erase_if(open_, [&](const Commit& each) { return each.number <= number; });
  }
  // The connection is lost: what is open on it may still come, at any time and before or after what follows.
  void connection_lost() {
    for (const Commit& each : open_) stray_.insert(each.offset);
    open_.clear();
  }
  // What the broker says.
  void check(std::optional<int64_t> offset) const {
    if (!offset) return require(!settled_, "a committed offset, {}, is gone", settled_.value_or(0));
    const bool young = *offset == 0 && !settled_;  // what a group without an offset is told, too
    const bool known =
        young || settled_ == offset || stray_.contains(*offset) ||
        std::any_of(open_.begin(), open_.end(), [&](const Commit& each) { return each.offset == *offset; });
    require(known, "an offset is {} that was committed as {}", *offset, settled_.value_or(-1));
  }
  // A broker has started. `exact`: it was stopped in order, nothing was lost.
  void restarted(std::optional<int64_t> offset, bool exact, bool may_be_cut, int64_t queue_end) {
    if (exact) check(offset);
    if (offset) {
      const bool cut = may_be_cut && *offset == queue_end;
      require(cut || ever_.contains(*offset), "after a start an offset is {}, which nobody committed", *offset);
      require(*offset <= queue_end, "after a start an offset is {} in a queue that ends at {}", *offset, queue_end);
    }
    if (offset) ever_.insert(*offset);
    settled_ = offset;
    open_.clear();
    stray_.clear();
  }

 private:
  struct Commit {
    uint64_t number;
    int64_t offset;
  };
  std::optional<int64_t> settled_;
  std::vector<Commit> open_;
  std::set<int64_t> ever_, stray_;
  uint64_t next_ = 1;
};

}  // namespace mqctl::sim
