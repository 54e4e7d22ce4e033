#include "cli/commands/verify_print.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "cli/output/escape.h"
#include "cli/output/units.h"

namespace mqctl {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kRed = "\x1b[31m", kDim = "\x1b[2m", kPlain = "\x1b[0m";

std::string paint(std::string text, std::string_view colour, const VerifyLook& look) {
  return look.colour ? std::string(colour) + std::move(text) + std::string(kPlain) : text;
}

std::string_view mark_of(Usage usage, const VerifyLook& look) {
  switch (usage) {
    case Usage::kUsed:
      return look.unicode ? "█" : "#";
    case Usage::kBlank:
      return look.unicode ? "░" : "=";
    case Usage::kDamaged:
      return look.unicode ? "╳" : "X";
    case Usage::kNeverWritten:
      break;
  }
  return look.unicode ? "·" : ".";
}

// How much a character cares about what it stands for.
int weight(Usage usage) {
  switch (usage) {
    case Usage::kDamaged:
      return 3;
    case Usage::kUsed:
      return 2;
    case Usage::kBlank:
      return 1;
    case Usage::kNeverWritten:
      break;
  }
  return 0;
}

std::vector<Usage> cells_of(const SegmentUsage& usage, size_t count) {
  std::vector<Usage> cells(count, Usage::kNeverWritten);
  if (usage.size_bytes == 0) return cells;
  const auto cell_at = [&](uint64_t position) {
    const double share = static_cast<double>(position) / static_cast<double>(usage.size_bytes);
    return std::min(count - 1, static_cast<size_t>(share * static_cast<double>(count)));
  };
  for (const UsageRange& range : usage.ranges) {
    if (range.begin >= range.end) continue;
    for (size_t i = cell_at(range.begin); i <= cell_at(range.end - 1); ++i) {
      if (weight(range.usage) > weight(cells[i])) cells[i] = range.usage;
    }
  }
  return cells;
}

std::string amounts(const SegmentUsage& usage) {
  constexpr std::array<const char*, 4> kNames{"used", "blank", "damaged", "never written"};
  std::array<uint64_t, 4> sums{};
  for (const UsageRange& range : usage.ranges) sums[static_cast<size_t>(range.usage)] += range.end - range.begin;
  std::string text;
  for (size_t i = 0; i < sums.size(); ++i) {
    if (sums[i] == 0) continue;
    text += (text.empty() ? "" : ", ") + size_text(static_cast<double>(sums[i])) + ' ' + kNames[i];
  }
  return text.empty() ? "empty" : text;
}

std::string place(const Finding& finding) {
  std::string text = printable(finding.file);
  if (finding.kind == FindingClass::kStrayFile) return text;
  const bool in_file = finding.file != "index";
  if (in_file) text += " at " + std::to_string(finding.position);
  if (finding.offset) text += " (commit-log offset " + std::to_string(finding.offset->value()) + ")";
  return text;
}

double rate_of(const VerifyReport& report, double seconds) {
  return seconds > 0 ? static_cast<double>(report.bytes) / seconds : 0;
}

std::string dump(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace) + '\n'; }

// Segments go by their name alone, as in records.
std::string file_of(const Finding& finding) {
  const bool segment = finding.file.starts_with("commitlog") && finding.kind != FindingClass::kStrayFile;
  return segment ? base_name(finding.file) : finding.file;
}

}  // namespace

std::string_view level_name(VerifyLevel level) {
  switch (level) {
    case VerifyLevel::kFrame:
      return "frame";
    case VerifyLevel::kCrc:
      return "crc";
    case VerifyLevel::kIndex:
      break;
  }
  return "index";
}

std::string finding_text(const Finding& finding, const VerifyLook& look) {
  std::string text = paint(std::string(finding_name(finding.kind)), kRed, look) + "  " + place(finding);
  if (finding.length > 0) text += ", " + counted(finding.length, "byte");
  text += ": " + printable(finding.detail) + "\n    " + printable(finding.impact) + '\n';
  return text;
}

std::string usage_legend(const VerifyLook& look) {
  std::string text;
  const auto add = [&](Usage usage, std::string_view name) {
    text += (text.empty() ? "" : "  ") + std::string(mark_of(usage, look)) + ' ' + std::string(name);
  };
  add(Usage::kUsed, "used");
  add(Usage::kBlank, "blank");
  add(Usage::kDamaged, "damaged");
  add(Usage::kNeverWritten, "never written");
  return paint(text, kDim, look) + '\n';
}

std::string usage_text(const SegmentUsage& usage, const VerifyLook& look) {
  std::string text = printable(usage.file) + "  ";
  for (const Usage cell : cells_of(usage, look.bar_cells)) {
    const std::string mark(mark_of(cell, look));
    text += cell == Usage::kDamaged ? paint(mark, kRed, look) : mark;
  }
  return text + "  " + amounts(usage) + '\n';
}

std::string summary_text(const VerifyReport& report, double seconds) {
  char time[32];
  std::snprintf(time, sizeof time, "%.3f s", seconds);
  std::string text = counted(report.segments, "segment") + ", " + counted(report.messages, "message") + ", " +
                     size_text(static_cast<double>(report.bytes)) + ", " + counted(report.findings_total, "finding");
  if (report.findings_total > report.findings.size()) {
    text += " (" + grouped(report.findings_total - report.findings.size()) + " not shown)";
  }
  text += ", " + std::string(time) + ", " + size_text(rate_of(report, seconds)) + "/s, level " +
          std::string(level_name(report.level));
  if (!report.complete) text += report.findings_total > 0 ? ", stopped early" : ", stopped before the end";
  return text + '\n';
}

std::string finding_json(const Finding& finding) {
  Json json{{"v", 1}, {"finding", finding_name(finding.kind)}};
  if (finding.offset) json["pos"] = finding.offset->value();
  json["len"] = finding.length;
  json["file"] = file_of(finding);
  json["at"] = finding.position;
  if (finding.queue) {
    json["topic"] = finding.queue->topic;
    json["queue"] = finding.queue->queue_id.value();
  }
  if (finding.queue_offset) json["qoff"] = finding.queue_offset->value();
  json["count"] = finding.count;
  json["detail"] = finding.detail;
  json["impact"] = finding.impact;
  return dump(json);
}

std::string summary_json(const VerifyReport& report, double seconds) {
  Json summary{{"level", level_name(report.level)},
               {"segments", report.segments},
               {"messages", report.messages},
               {"bytes", report.bytes},
               {"findings", report.findings_total},
               {"left_out", report.findings_total - report.findings.size()},
               {"complete", report.complete},
               {"min_pos", report.log_begin.value()},
               {"max_pos", report.log_end.value()},
               {"seconds", seconds},
               {"bytes_per_second", static_cast<uint64_t>(rate_of(report, seconds))},
               {"notes", report.notes}};
  return dump(Json{{"v", 1}, {"summary", std::move(summary)}});
}

}  // namespace mqctl
