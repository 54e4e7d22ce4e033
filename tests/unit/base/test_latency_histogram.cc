// The buckets of LatencyHistogram: 2^i microseconds, and all longer ones in the count alone.
#include <catch2/catch.hpp>

#include "libstore/base/latency_histogram.h"

namespace mqctl {
namespace {

using namespace std::chrono_literals;

LatencyHistogram::Snapshot of(std::initializer_list<std::chrono::nanoseconds> times) {
  LatencyHistogram histogram;
  for (const auto time : times) histogram.add(time);
  return histogram.snapshot();
}

TEST_CASE("a time is in the first bucket that it does not exceed") {
  CHECK(of({0ns, 1ns, 1us}).buckets[0] == 3);
  CHECK(of({1001ns, 2us}).buckets[1] == 2);
  CHECK(of({2001ns, 4us}).buckets[2] == 2);
  CHECK(of({4096us}).buckets[12] == 1);
  CHECK(of({4097us}).buckets[13] == 1);
  CHECK(of({16777216us}).buckets[24] == 1);
}

TEST_CASE("longer than all buckets, and a clock that went back") {
  const auto long_one = of({16777217us, 5h});
  CHECK(long_one.count == 2);
  for (const uint64_t bucket : long_one.buckets) CHECK(bucket == 0);
  CHECK(of({-5s}).buckets[0] == 1);
}

TEST_CASE("the sum is in seconds") { CHECK(of({250ms, 1750ms}).seconds == Approx(2.0)); }

}  // namespace
}  // namespace mqctl
