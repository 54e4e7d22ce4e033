// Recovery: brings log, consume queues and index of a store into agreement before anybody writes
// (Apache: DefaultMessageStore.recover, CommitLog.recoverNormally / recoverAbnormally; docs/design-notes.md says where
// we go further).
//
// After a crash (an abort file): from the last segment that the checkpoint vouches for, or from where the index lost
// entries, whichever is earlier, every sound record is dispatched again; queues and index drop what they have. After a
// clean stop: from the end of what the queues hold. Never limited to a number of segments as 5.5.0 is.
#pragma once

#include <functional>

#include "libstore/base/result.h"
#include "libstore/index/consume_queue_store.h"
#include "libstore/index/index_service.h"
#include "libstore/log/commit_log.h"
#include "libstore/store/default_message_store.h"
#include "libstore/store/recovery_report.h"
#include "libstore/store/store_checkpoint.h"

namespace mqctl {

struct RecoveryInput {
  CommitLog& log;             // loaded
  ConsumeQueueStore& queues;  // loaded
  IndexService* index;        // loaded; null where the store is to have none
  const StoreCheckpoint& checkpoint;
  const DelayLevelTable& delay_levels;
  bool after_crash;
  OnDamage on_damage;
  // Called before anything changes in log, queues or index, perhaps more than once. Mostly nothing can be refused any
  // more then; after it, also a start that is refused leaves a store that was not closed.
  std::function<void()> changes_begin;
  // Called before queues are made again from the log's beginning: until they are on disk, no checkpoint may vouch for
  // them.
  std::function<Status()> distrust_checkpoint;
};

// kCorruption, with nothing changed in the log, where sound records follow damage and `on_damage` says refuse.
Result<RecoveryReport> recover_store(const RecoveryInput& input);

}  // namespace mqctl
