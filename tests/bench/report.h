// What the benchmarks found: a row a measurement, ours beside the limit of this machine and beside Apache's, all of one
// run. Printed as a table while it grows, and as JSON at the end. Nothing is asserted here.
#pragma once

#include <cstdio>
#include <optional>
#include <string>
#include <vector>

namespace mqctl {

// The median of several runs, with the worst and the best beside it.
struct Sample {
  double median = 0, low = 0, high = 0;
  int runs = 0;
};
Sample sample_of(std::vector<double> values);
// The same in a unit so many times as large.
Sample per(Sample sample, double unit);

enum class Better : unsigned char { kMore, kLess };

struct Limit {
  std::string what;
  Sample sample;
};

// What a row is to reach; 0: nothing was set. For Better::kMore shares to be reached, for kLess not to be passed.
struct Aims {
  double apache = 0;    // so many times better than Apache
  double of_limit = 0;  // ours / limit
  double value = 0;     // in the row's unit
};

struct Row {
  std::string name = {}, unit = {};
  Better better = Better::kMore;
  Sample ours = {};
  std::optional<Limit> limit = std::nullopt;
  std::optional<Sample> apache = std::nullopt;
  Aims aims = {};
  std::string note = {};

  std::optional<double> times_apache() const;
  std::optional<double> of_limit() const;
  // Which of the aims that could be measured are missed.
  std::vector<std::string> missed() const;
};

class Report {
 public:
  explicit Report(FILE* table) : table_(table) {}
  void title(const std::string& text) const;
  void add(Row row);
  std::string json() const;

 private:
  FILE* const table_;  // none: the table is not printed
  std::vector<Row> rows_;
};

}  // namespace mqctl
