// The sysFlag bits of a record (Apache: MessageSysFlag, CompressionType).
#pragma once

#include <cstdint>

namespace mqctl {

namespace sys_flag {
inline constexpr int32_t kCompressed = 0x0001;
inline constexpr int32_t kMultiTags = 0x0002;
inline constexpr int32_t kTransactionMask = 0x000C;
inline constexpr int32_t kPrepared = 0x0004;
inline constexpr int32_t kCommit = 0x0008;
inline constexpr int32_t kRollback = 0x000C;
inline constexpr int32_t kBornHostV6 = 0x0010;
inline constexpr int32_t kStoreHostV6 = 0x0020;
inline constexpr int32_t kNeedUnwrap = 0x0040;
inline constexpr int32_t kInnerBatch = 0x0080;
inline constexpr int32_t kCompressionTypeMask = 0x0700;
inline constexpr int kCompressionTypeShift = 8;
}  // namespace sys_flag

// Prepared and rollback records never enter a consume queue; rollback ones no index either.
constexpr bool enters_consume_queue(int32_t flags) {
  const int32_t transaction = flags & sys_flag::kTransactionMask;
  return transaction == 0 || transaction == sys_flag::kCommit;
}
constexpr bool enters_index(int32_t flags) { return (flags & sys_flag::kTransactionMask) != sys_flag::kRollback; }

}  // namespace mqctl
