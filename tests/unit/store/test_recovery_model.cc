#include <catch2/catch.hpp>

#include "libstore/store/recovery_model.h"

using namespace mqctl;

namespace {

// Segments of 1000 bytes whose first records were stored at 10000, 20000, ...
RecoveryFacts facts_of(size_t segments, bool after_crash) {
  RecoveryFacts facts;
  facts.after_crash = after_crash;
  for (size_t i = 0; i < segments; ++i) {
    facts.segments.push_back(
        {PhysicalOffset(static_cast<int64_t>(i) * 1000), true, EpochMs(static_cast<int64_t>(i + 1) * 10000)});
  }
  return facts;
}

std::vector<size_t> starts(const RecoveryFacts& facts) {
  std::vector<size_t> all;
  for (const BrokerRelease release : kBrokerReleases) all.push_back(first_segment_read(release, facts));
  return all;
}

}  // namespace

TEST_CASE("after a clean stop recovery begins near the end") {
  RecoveryFacts facts = facts_of(20, false);
  CHECK(starts(facts) == std::vector<size_t>{17, 19, 19});
  facts.queues_end = PhysicalOffset(15500);
  CHECK(starts(facts) == std::vector<size_t>{17, 15, 15});
  facts.queues_end = PhysicalOffset(0);
  CHECK(starts(facts) == std::vector<size_t>{17, 0, 10});
  facts.segments[19].first_record_sound = false;  // a segment made ahead
  facts.queues_end.reset();
  CHECK(starts(facts) == std::vector<size_t>{17, 19, 18});
}

TEST_CASE("after a crash the checkpoint says where, 5.5 not beyond ten segments") {
  RecoveryFacts facts = facts_of(20, true);
  CHECK(starts(facts) == std::vector<size_t>{0, 0, 10});
  facts.checkpoint.physic_msg_timestamp = EpochMs(155000);
  facts.checkpoint.logics_msg_timestamp = EpochMs(191000);
  CHECK(starts(facts) == std::vector<size_t>{14, 14, 18});
  facts.checkpoint.logics_physical_offset = PhysicalOffset(12345);
  CHECK(starts(facts) == std::vector<size_t>{14, 14, 12});
}

TEST_CASE("a short log is read from its beginning by the old ones") {
  CHECK(starts(facts_of(2, false)) == std::vector<size_t>{0, 1, 1});
  CHECK(starts(facts_of(1, true)) == std::vector<size_t>{0, 0, 0});
}

TEST_CASE("the impact names who stops and what is lost") {
  const RecoveryFacts facts = facts_of(20, false);
  CHECK(impact_of_stop(facts, {.segment = 19, .messages_behind = 2113}) ==
        "a broker ends the log here at its next start; 2,113 messages behind it would be lost");
  CHECK(impact_of_stop(facts, {.segment = 19, .messages_behind = 0}) ==
        "a broker ends the log here at its next start; no message follows that could be lost");
  CHECK(impact_of_stop(facts, {.segment = 3, .messages_behind = 1}) ==
        "not read at a broker's start; what stood here cannot be delivered");
  CHECK(impact_of_stop(facts, {.segment = 17, .messages_behind = 1}) ==
        "brokers of 4.9 end the log here at their next start; 1 message behind it would be lost; those of 5.3 and 5.5 "
        "do not read so far back at start, but what stood here cannot be delivered");
}
