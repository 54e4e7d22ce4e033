#include "libstore/store/recovery_model.h"

#include "libstore/store/finding.h"

namespace mqctl {
namespace {

constexpr size_t kSegmentsOf4_9 = 3;   // recoverNormally begins at the third-last
constexpr size_t kSegmentsOf5_5 = 10;  // commitLogRecoverMaxNum

bool matches_after_crash(BrokerRelease release, const SegmentFacts& segment, const StoreCheckpoint& checkpoint) {
  if (!segment.first_record_sound || segment.first_stored.value() == 0) return false;
  if (release != BrokerRelease::k5_5) return segment.first_stored <= checkpoint.min_timestamp();
  if (checkpoint.logics_physical_offset.value() > 0) return segment.base <= checkpoint.logics_physical_offset;
  return segment.first_stored <= checkpoint.logics_msg_timestamp;
}

bool matches_after_clean_stop(BrokerRelease release, const SegmentFacts& segment, const RecoveryFacts& facts) {
  const bool reached = !facts.queues_end || segment.base <= *facts.queues_end;
  if (release == BrokerRelease::k5_3) return reached;
  return reached && segment.first_record_sound && segment.first_stored.value() != 0;
}

std::string joined(const std::vector<std::string_view>& names) {
  std::string text;
  for (size_t i = 0; i < names.size(); ++i) {
    if (i > 0) text += i + 1 == names.size() ? " and " : ", ";
    text += names[i];
  }
  return text;
}

std::string loss(std::optional<uint64_t> messages) {
  if (!messages) return "what follows would be lost";
  if (*messages == 0) return "no message follows that could be lost";
  return counted(*messages, "message") + " behind it would be lost";
}

}  // namespace

std::string_view release_name(BrokerRelease release) {
  switch (release) {
    case BrokerRelease::k4_9:
      return "4.9";
    case BrokerRelease::k5_3:
      return "5.3";
    case BrokerRelease::k5_5:
      return "5.5";
  }
  return "unknown";
}

size_t first_segment_read(BrokerRelease release, const RecoveryFacts& facts) {
  const size_t count = facts.segments.size();
  if (!facts.after_crash && release == BrokerRelease::k4_9) return count > kSegmentsOf4_9 ? count - kSegmentsOf4_9 : 0;
  const size_t limit = release == BrokerRelease::k5_5 && count > kSegmentsOf5_5 ? count - kSegmentsOf5_5 : 0;
  for (size_t i = count; i-- > limit;) {
    const SegmentFacts& segment = facts.segments[i];
    const bool match = facts.after_crash ? matches_after_crash(release, segment, facts.checkpoint)
                                         : matches_after_clean_stop(release, segment, facts);
    if (match) return i;
  }
  return limit;
}

std::string impact_of_stop(const RecoveryFacts& facts, const LogStop& stop) {
  std::vector<std::string_view> ending, passing;
  for (const BrokerRelease release : kBrokerReleases) {
    (first_segment_read(release, facts) <= stop.segment ? ending : passing).push_back(release_name(release));
  }
  const std::string lost = loss(stop.messages_behind), unread(stop.unread);
  if (passing.empty()) return "a broker ends the log here at its next start; " + lost;
  if (ending.empty()) return "not read at a broker's start; " + unread;
  return "brokers of " + joined(ending) + " end the log here at their next start; " + lost + "; those of " +
         joined(passing) + " do not read so far back at start, but " + unread;
}

}  // namespace mqctl
