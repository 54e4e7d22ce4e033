// SlidingCount's windows and BrokerStats' tables, on a clock of our own.
#include <catch2/catch.hpp>

#include "cli/broker/broker_stats.h"

namespace mqctl {
namespace {

constexpr int64_t kSecond = SlidingCount::kSecond, kMinute = SlidingCount::kMinute, kHour = SlidingCount::kHour,
                  kDay = SlidingCount::kDay;

constexpr EpochMs kStart(1'767'300'000'000);

// One message a second, sampled as the broker does.
SlidingCount steady(int64_t start, int64_t until) {
  SlidingCount count(start);
  for (int64_t at = start; at < until;) {
    at += 10 * kSecond;
    count.add(10);
    count.sample(at);
  }
  return count;
}

TEST_CASE("before the first full window a rate is since the start") {
  SlidingCount count(0);
  count.add(30);
  CHECK(count.last(kMinute, 10 * kSecond).sum == 30);
  CHECK(count.last(kMinute, 10 * kSecond).per_second == Approx(3));
  CHECK(count.last(kMinute, 0).per_second == Approx(30));  // a second at least
}

TEST_CASE("windows slide") {
  const int64_t end = 2 * kDay;
  SlidingCount count = steady(0, end);
  CHECK(count.total() == 2 * 86400);
  for (const int64_t window : {10 * kSecond, kMinute, 10 * kMinute, kHour, kDay}) {
    CHECK(count.last(window, end).per_second == Approx(1.0));
    CHECK(count.last(window, end).sum == static_cast<uint64_t>(window / kSecond));
  }
  // Nothing for a minute.
  for (int i = 1; i <= 6; ++i) count.sample(end + i * 10 * kSecond);
  CHECK(count.last(kMinute, end + kMinute).sum == 0);
  CHECK(count.last(kHour, end + kMinute).sum >= 3540);
}

TEST_CASE("a clock that goes back begins anew") {
  SlidingCount count = steady(kHour, 2 * kHour);
  count.sample(0);
  count.add(5);
  CHECK(count.last(kMinute, 5 * kSecond).sum == 5);
}

TEST_CASE("names and keys as mqadmin asks for them") {
  ManualClock clock(kStart);
  BrokerStats stats(clock, "DefaultCluster");
  stats.count_put("T", 3, 300);
  stats.count_get("T", "G", 2, 200);
  stats.count_send_back("T", "G");
  CHECK(stats.find("TOPIC_PUT_NUMS", "T")->total() == 3);
  CHECK(stats.find("TOPIC_PUT_SIZE", "T")->total() == 300);
  CHECK(stats.find("GROUP_GET_NUMS", "T@G")->total() == 2);
  CHECK(stats.find("GROUP_GET_SIZE", "T@G")->total() == 200);
  CHECK(stats.find("SNDBCK_PUT_NUMS", "T@G")->total() == 1);
  CHECK(stats.find("BROKER_PUT_NUMS", "DefaultCluster")->total() == 3);
  CHECK(stats.find("BROKER_GET_NUMS", "DefaultCluster")->total() == 2);
  for (const char* name : {"TOPIC_PUT_NUMS", "NUMS", "_NUMS", "", "TOPIC_PUT", "NO_SUCH_NUMS"})
    CHECK_FALSE(stats.find(name, "other"));
}

TEST_CASE("a topic that is gone is forgotten, others with its name in theirs are not") {
  ManualClock clock(kStart);
  BrokerStats stats(clock, "C");
  for (const char* topic : {"T", "T2"}) {
    stats.count_put(topic, 1, 1);
    stats.count_get(topic, "G", 1, 1);
  }
  stats.forget_topic("T");
  CHECK_FALSE(stats.find("TOPIC_PUT_NUMS", "T"));
  CHECK_FALSE(stats.find("GROUP_GET_NUMS", "T@G"));
  CHECK(stats.find("TOPIC_PUT_NUMS", "T2"));
  CHECK(stats.find("GROUP_GET_NUMS", "T2@G"));
}

TEST_CASE("totals of the day begin in the morning") {
  ManualClock clock(kStart);
  BrokerStats stats(clock, "C");
  stats.count_put("T", 5, 1);
  clock.advance_ms(kDay);
  stats.sample();
  stats.count_put("T", 2, 1);
  CHECK(stats.day(BrokerStats::Table::kBrokerPut).today_morning == 5);
  CHECK(stats.day(BrokerStats::Table::kBrokerPut).now == 7);
  clock.advance_ms(kDay);
  stats.sample();
  CHECK(stats.day(BrokerStats::Table::kBrokerPut).yesterday_morning == 5);
  CHECK(stats.day(BrokerStats::Table::kBrokerPut).today_morning == 7);
}

}  // namespace
}  // namespace mqctl
