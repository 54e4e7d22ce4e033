// Which segments brokers read when they start: damage in those ends the log there, damage before them is met only
// when a consumer comes to it (Apache: CommitLog.recoverNormally, recoverAbnormally; docs/store-format.md).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "libstore/base/types.h"
#include "libstore/store/store_checkpoint.h"

namespace mqctl {

enum class BrokerRelease : uint8_t { k4_9, k5_3, k5_5 };
inline constexpr std::array<BrokerRelease, 3> kBrokerReleases{BrokerRelease::k4_9, BrokerRelease::k5_3,
                                                              BrokerRelease::k5_5};
std::string_view release_name(BrokerRelease release);  // "4.9", "5.3", "5.5"

struct SegmentFacts {
  PhysicalOffset base;
  bool first_record_sound = false;
  EpochMs first_stored;
};

struct RecoveryFacts {
  bool after_crash = false;
  std::optional<PhysicalOffset>
      queues_end;  // behind the last record in any queue; none: unknown, taken as the log's end
  StoreCheckpoint checkpoint;
  std::vector<SegmentFacts> segments;
};

// The index of the first segment that the release reads at its next start.
size_t first_segment_read(BrokerRelease release, const RecoveryFacts& facts);

// What it means that the log cannot be read at a place.
struct LogStop {
  size_t segment = 0;
  std::optional<uint64_t> messages_behind;                          // sound ones, where all have been counted
  std::string_view unread = "what stood here cannot be delivered";  // what it means where no start comes this far back
};
std::string impact_of_stop(const RecoveryFacts& facts, const LogStop& stop);

}  // namespace mqctl
