// Prometheus' text format: escapes, constant labels, cumulative buckets.
#include <catch2/catch.hpp>

#include "cli/broker/metrics_text.h"

namespace mqctl {
namespace {

TEST_CASE("a family and its samples") {
  MetricsText text(MetricLabels{{"cluster", "C"}});
  text.family("x_total", "counter", "What it is");
  text.sample({{"topic", "T"}}, uint64_t{7});
  text.sample({}, -3.5);
  CHECK(text.take() ==
        "# HELP x_total What it is\n# TYPE x_total counter\nx_total{cluster=\"C\",topic=\"T\"} 7\n"
        "x_total{cluster=\"C\"} -3.5\n");
}

TEST_CASE("label values are escaped, never ill-formed, and nothing that a terminal obeys") {
  MetricsText text(MetricLabels{});
  text.family("x", "gauge", "h");
  text.sample({{"a", "q\"b\\n\nz"}, {"b", "\xC3\x28"}, {"c", "\x1b]0;t\x07\r"}}, uint64_t{1});
  const std::string out = text.take();
  CHECK(out.ends_with("x{a=\"q\\\"b\\\\n\\nz\",b=\"\\\\xc3(\",c=\"\\\\x1b]0;t\\\\x07\\\\r\"} 1\n"));
}

TEST_CASE("a histogram's buckets add up") {
  LatencyHistogram histogram;
  for (const int us : {1, 2, 2, 1000000000}) histogram.add(std::chrono::microseconds(us));
  MetricsText text(MetricLabels{});
  text.family("h", "histogram", "x");
  text.histogram(histogram.snapshot());
  const std::string out = text.take();
  CHECK(out.find("h_bucket{le=\"1e-06\"} 1\n") != out.npos);
  CHECK(out.find("h_bucket{le=\"2e-06\"} 3\n") != out.npos);
  CHECK(out.find("h_bucket{le=\"16.777216\"} 3\n") != out.npos);
  CHECK(out.find("h_bucket{le=\"+Inf\"} 4\n") != out.npos);
  CHECK(out.ends_with("h_count 4\n"));
}

}  // namespace
}  // namespace mqctl
