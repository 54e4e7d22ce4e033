// MetricsText: figures in Prometheus' text format, version 0.0.4 (prometheus.io/docs/instrumenting/exposition_formats).
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "libstore/base/latency_histogram.h"

namespace mqctl {

using MetricLabels = std::vector<std::pair<std::string_view, std::string>>;

class MetricsText {
 public:
  // Labels that every sample has.
  explicit MetricsText(MetricLabels constant) : constant_(std::move(constant)) {}

  // Its samples follow.
  void family(std::string_view name, std::string_view type, std::string_view help);
  void sample(const MetricLabels& labels, uint64_t value) { line("", labels, std::to_string(value)); }
  void sample(const MetricLabels& labels, int64_t value) { line("", labels, std::to_string(value)); }
  void sample(const MetricLabels& labels, double value);
  void histogram(const LatencyHistogram::Snapshot& values);
  std::string take() { return std::move(text_); }

 private:
  void line(std::string_view suffix, const MetricLabels& labels, std::string_view value);
  void add_labels(const MetricLabels& labels, bool& first);
  const MetricLabels constant_;
  std::string name_, text_;
};

}  // namespace mqctl
