#include "tests/bench/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

namespace mqctl {
namespace {

std::string number(double value) {
  if (value >= 1000) return fmt::format("{:.0f}", value);
  return value >= 10 ? fmt::format("{:.1f}", value) : fmt::format("{:.3g}", value);
}

std::string spread(const Sample& sample) {
  return sample.runs < 2 ? "" : fmt::format("{}..{}", number(sample.low), number(sample.high));
}

nlohmann::ordered_json to_json(const Sample& sample) {
  return {{"median", sample.median}, {"low", sample.low}, {"high", sample.high}, {"runs", sample.runs}};
}

nlohmann::ordered_json to_json(const Row& row) {
  nlohmann::ordered_json json = {{"row", row.name},
                                 {"unit", row.unit},
                                 {"better", row.better == Better::kMore ? "more" : "less"},
                                 {"ours", to_json(row.ours)}};
  if (row.limit) json["limit"] = {{"what", row.limit->what}, {"figure", to_json(row.limit->sample)}};
  if (row.apache) json["apache"] = to_json(*row.apache);
  if (row.of_limit()) json["of_limit"] = *row.of_limit();
  if (row.times_apache()) json["times_apache"] = *row.times_apache();
  if (row.aims.apache > 0) json["aims"]["times_apache"] = row.aims.apache;
  if (row.aims.of_limit > 0) json["aims"]["of_limit"] = row.aims.of_limit;
  if (row.aims.value > 0) json["aims"]["value"] = row.aims.value;
  json["missed"] = row.missed();
  if (!row.note.empty()) json["note"] = row.note;
  return json;
}

std::string verdict(const Row& row) {
  if (row.aims.apache == 0 && row.aims.of_limit == 0 && row.aims.value == 0) return row.note;
  std::string text = "met";
  const std::vector<std::string> missed = row.missed();
  if (!missed.empty()) text = fmt::format("missed: {}", fmt::join(missed, ", "));
  return row.note.empty() ? text : text + "; " + row.note;
}

}  // namespace

Sample sample_of(std::vector<double> values) {
  if (values.empty()) return {};
  std::sort(values.begin(), values.end());
  return {values[values.size() / 2], values.front(), values.back(), static_cast<int>(values.size())};
}

Sample per(Sample sample, double unit) {
  for (double* value : {&sample.median, &sample.low, &sample.high}) *value /= unit;
  return sample;
}

std::optional<double> Row::times_apache() const {
  if (!apache || apache->median == 0 || ours.median == 0) return std::nullopt;
  return better == Better::kMore ? ours.median / apache->median : apache->median / ours.median;
}

std::optional<double> Row::of_limit() const {
  if (!limit || limit->sample.median == 0) return std::nullopt;
  return ours.median / limit->sample.median;
}

std::vector<std::string> Row::missed() const {
  std::vector<std::string> texts;
  const bool more = better == Better::kMore;
  if (aims.apache > 0 && times_apache() && *times_apache() < aims.apache) {
    texts.push_back(fmt::format("{} x Apache", number(aims.apache)));
  }
  if (aims.of_limit > 0 && of_limit() && (more ? *of_limit() < aims.of_limit : *of_limit() > aims.of_limit)) {
    texts.push_back(fmt::format("{} of the limit", number(aims.of_limit)));
  }
  if (aims.value > 0 && (more ? ours.median < aims.value : ours.median > aims.value)) {
    texts.push_back(fmt::format("{} {}", number(aims.value), unit));
  }
  return texts;
}

void Report::title(const std::string& text) const {
  if (table_ == nullptr) return;
  fmt::print(table_, "\n{}\n{:<54} {:>9} {:<7} {:<17} {:>9} {:>6}  {:<28} {:>9} {:>8}  {}\n", text, "", "ours", "",
             "spread", "limit", "ours/", "of what", "Apache", "better", "aim");
}

void Report::add(Row row) {
  if (table_ != nullptr) {
    const std::optional<double> share = row.of_limit(), times = row.times_apache();
    fmt::print(table_, "{:<54} {:>9} {:<7} {:<17} {:>9} {:>6}  {:<28} {:>9} {:>8}  {}\n", row.name,
               number(row.ours.median), row.unit, spread(row.ours), row.limit ? number(row.limit->sample.median) : "",
               share ? fmt::format("{:.2f}", *share) : "", row.limit ? row.limit->what : "",
               row.apache ? number(row.apache->median) : "not run", times ? number(*times) + " x" : "", verdict(row));
    std::fflush(table_);
  }
  rows_.push_back(std::move(row));
}

std::string Report::json() const {
  nlohmann::ordered_json rows = nlohmann::ordered_json::array();
  for (const Row& row : rows_) rows.push_back(to_json(row));
  return rows.dump(2);
}

}  // namespace mqctl
