// QueueOffsetTable: the next queue offset of each (topic, queue id), in memory only (Apache: QueueOffsetOperator).
//
// A cursor's place never moves, so a writer finds it outside the put lock and advances it under the lock. Thread-safe;
// finding a known queue allocates nothing.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "libstore/base/mutex.h"
#include "libstore/base/types.h"
#include "libstore/log/commit_log.h"

namespace mqctl {

class QueueOffsetTable {
 public:
  // `initial` tells where a queue not seen before continues: its consume queue's max offset.
  using Initial = std::function<QueueOffset(std::string_view topic, QueueId queue_id)>;
  explicit QueueOffsetTable(Initial initial) : initial_(std::move(initial)) {}

  QueueCursor& cursor(std::string_view topic, QueueId queue_id);

 private:
  struct KeyView {
    std::string_view topic;
    int32_t queue_id;
  };
  struct Key {
    std::string topic;
    int32_t queue_id;
    operator KeyView() const { return {topic, queue_id}; }  // NOLINT: for heterogeneous look-up
  };
  struct Hash {
    using is_transparent = void;
    size_t operator()(KeyView key) const;
  };
  struct Equal {
    using is_transparent = void;
    bool operator()(KeyView a, KeyView b) const { return a.queue_id == b.queue_id && a.topic == b.topic; }
  };
  struct Shard {
    Mutex mutex;
    std::unordered_map<Key, QueueCursor, Hash, Equal> cursors GUARDED_BY(mutex);
  };

  const Initial initial_;
  std::array<Shard, 16> shards_;
};

}  // namespace mqctl
