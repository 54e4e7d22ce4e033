// ConsumeQueueStore: all consume queues of a store (Apache: ConsumeQueueStore).
//
// Threads: one writer (dispatch, or recovery before it); readers find queues and read them beside it. Queues live as
// long as this object, also those that were destroyed.
#pragma once

#include <array>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "libstore/base/mutex.h"
#include "libstore/base/result.h"
#include "libstore/index/consume_queue.h"
#include "libstore/os/file_system.h"

namespace mqctl {

// Whether a record's INNER_MULTI_DISPATCH is followed (Apache: enableLmq and enableMultiDispatch, both off by default).
enum class MultiDispatch : uint8_t { kOff, kOn };

struct ConsumeQueueStoreOptions {
  std::string directory;       // `<root>/consumequeue`
  uint64_t segment_bytes = 0;  // for a store without queues, 0: Apache's default; files that are there decide otherwise
  MultiDispatch multi_dispatch = MultiDispatch::kOff;
};

class ConsumeQueueStore {
 public:
  ConsumeQueueStore(FileSystem& fs, ConsumeQueueStoreOptions options);

  // --- The writer ---
  // Opens every queue. Directories whose name is no queue id are ignored, as Apache does. kUnsupported where the queues
  // are a RocksDB database or there are batch queues; kCorruption for segments that contradict each other.
  Status load();
  // The least that a queue says.
  std::optional<PhysicalOffset> damaged_from(PhysicalOffset surely);
  std::optional<PhysicalOffset> misfits_from(PhysicalOffset log_end);
  Status recover();
  // Enters a record into its queue, if it is of a kind that enters one, and into those its multi-dispatch names. A
  // topic that cannot be the name of a directory (`../x`, from a log of anybody's making) has no queue.
  Status put(const DispatchRequest& request, Beginning beginning = Beginning::kAnywhere);
  Status truncate(PhysicalOffset log_end);
  void correct_min_offsets(PhysicalOffset log_min);
  Result<int> delete_expired(PhysicalOffset log_min);
  Status flush();
  // After a crash: what a killed process made, and its names, are on disk when this returns.
  Status sync() const;
  Status destroy_all();

  // --- Readers ---
  ConsumeQueue* find(std::string_view topic, QueueId queue_id) const;  // null where there is none
  std::vector<ConsumeQueue*> all() const;                              // sorted by topic and queue id
  // The unit, over all queues, whose record lies last in the log.
  std::optional<ConsumeQueueUnit> last_unit() const;
  // Behind the last record that is in a queue; 0 without any. (Apache: getMaxPhyOffsetInConsumeQueue)
  PhysicalOffset max_physical_offset() const;
  uint64_t segment_bytes() const { return segment_bytes_; }

 private:
  using Key = std::pair<std::string, int32_t>;
  using KeyView = std::pair<std::string_view, int32_t>;
  struct Less {
    using is_transparent = void;
    template <class A, class B>
    bool operator()(const A& a, const B& b) const {
      return KeyView(a.first, a.second) < KeyView(b.first, b.second);
    }
  };
  Status refuse_other_kinds(const std::vector<DirectoryEntry>& topics) const;
  Result<std::vector<Key>> list_queues(const std::vector<DirectoryEntry>& topics) const;
  Result<uint64_t> usual_segment_bytes(const std::vector<Key>& queues) const;
  Status put_multi(const DispatchRequest& request, Beginning beginning);
  ConsumeQueue& queue_for(std::string_view topic, QueueId queue_id);
  ConsumeQueue& add(const std::string& topic, QueueId queue_id);
  std::string queue_directory(std::string_view topic, QueueId queue_id) const;
  template <class Question>
  std::optional<PhysicalOffset> least(const Question& question) const;
  template <class Action>
  Status for_each(const Action& action) const;

  FileSystem& fs_;
  const ConsumeQueueStoreOptions options_;
  uint64_t segment_bytes_;
  mutable Mutex mutex_;
  std::map<Key, std::unique_ptr<ConsumeQueue>, Less> queues_ GUARDED_BY(mutex_);
  std::array<ConsumeQueue*, 64> recent_{};  // the writer's: records come from few queues at a time
};

}  // namespace mqctl
