#include "cli/broker/metrics_text.h"

#include <fmt/format.h>

#include <algorithm>

#include "cli/output/escape.h"

namespace mqctl {
namespace {

// Label values are UTF-8 with three characters escaped. Names that clients chose may be anything, and the page is read
// on terminals, too: of what they would obey only the new line stays, which has an escape.
void add_value(std::string& text, std::string_view value) {
  while (true) {
    const size_t end = std::min(value.find('\n'), value.size());
    for (const char c : printable(value.substr(0, end))) {
      if (c == '\\' || c == '"') text += '\\';
      text += c;
    }
    if (end == value.size()) return;
    text += "\\n";
    value.remove_prefix(end + 1);
  }
}

}  // namespace

void MetricsText::family(std::string_view name, std::string_view type, std::string_view help) {
  name_ = name;
  text_ += fmt::format("# HELP {} {}\n# TYPE {} {}\n", name, help, name, type);
}

void MetricsText::sample(const MetricLabels& labels, double value) { line("", labels, fmt::format("{}", value)); }

void MetricsText::histogram(const LatencyHistogram::Snapshot& values) {
  uint64_t below = 0;
  for (size_t i = 0; i < LatencyHistogram::kBuckets; ++i) {
    below += values.buckets[i];
    line("_bucket", {{"le", fmt::format("{}", static_cast<double>(uint64_t{1} << i) / 1e6)}}, std::to_string(below));
  }
  line("_bucket", {{"le", "+Inf"}}, std::to_string(values.count));
  line("_sum", {}, fmt::format("{}", values.seconds));
  line("_count", {}, std::to_string(values.count));
}

void MetricsText::add_labels(const MetricLabels& labels, bool& first) {
  for (const auto& [name, value] : labels) {
    text_ += first ? "{" : ",";
    first = false;
    text_.append(name).append("=\"");
    add_value(text_, value);
    text_ += '"';
  }
}

void MetricsText::line(std::string_view suffix, const MetricLabels& labels, std::string_view value) {
  text_.append(name_).append(suffix);
  bool first = true;
  add_labels(constant_, first);
  add_labels(labels, first);
  if (!first) text_ += '}';
  text_.append(" ").append(value) += '\n';
}

}  // namespace mqctl
