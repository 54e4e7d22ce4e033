// What the op queue says of half messages (Apache: TransactionalMessageServiceImpl.fillOpRemoveMap): each op message
// names halves that are done by their places in the half queue. Thread-safe, as the store is.
#pragma once

#include <functional>
#include <set>
#include <vector>

#include "libstore/store/default_message_store.h"

namespace mqctl {

// A client says when a message was born, and may say anything.
inline int64_t age_ms(EpochMs now, EpochMs since) {
  int64_t age = 0;
  if (!__builtin_sub_overflow(now.value(), since.value(), &age)) return age;
  return since.value() < 0 ? INT64_MAX : INT64_MIN;
}

struct TransactionOp {
  QueueOffset offset;
  PhysicalOffset physical_offset;
  std::set<int64_t> halves;
};

std::vector<TransactionOp> read_ops(DefaultMessageStore& store, QueueOffset from);

// Whether an op message that lies behind `half` in the log names one of the places. Reads them one by one.
bool is_done(DefaultMessageStore& store, PhysicalOffset half, const std::set<int64_t>& places);

}  // namespace mqctl
