#include "cli/commands/verify_run.h"

#include <chrono>

namespace mqctl {
namespace {

bool tell_findings(const VerifyReport& report, const VerifyCommand& command, const VerifyTalk& talk) {
  for (const Finding& finding : report.findings) {
    const bool json = command.form == VerifyForm::kJson;
    if (!talk.print(json ? finding_json(finding) : finding_text(finding, command.look))) return false;
  }
  return true;
}

bool tell_usage(const VerifyReport& report, const VerifyCommand& command, const VerifyTalk& talk) {
  if (report.usage.empty()) return true;
  for (const SegmentUsage& usage : report.usage) {
    if (!talk.print(usage_text(usage, command.look))) return false;
  }
  return talk.print(usage_legend(command.look));
}

void tell(const VerifyReport& report, double seconds, const VerifyCommand& command, const VerifyTalk& talk) {
  if (command.quiet) return;
  for (const std::string& note : report.notes) talk.note(note);
  if (!tell_findings(report, command, talk)) return;
  if (command.form == VerifyForm::kJson) {
    talk.print(summary_json(report, seconds));
  } else if (tell_usage(report, command, talk)) {
    talk.print(summary_text(report, seconds));
  }
}

}  // namespace

VerifyOutcome run_verify(const VerifyCommand& command, const std::atomic<bool>& cancel, const VerifyTalk& talk) {
  const auto started = std::chrono::steady_clock::now();
  Result<StoreLocation> location = locate_store(posix_file_system(), command.location);
  if (!location) return {std::move(location).error()};
  if (command.verbose && !command.quiet) {
    talk.note(counted(location->segments.segments.size(), "segment") + " of " +
              grouped(location->segments.segment_bytes) + " bytes" +
              (location->locked ? ", a broker holds the store" : "") +
              (location->abort_file ? ", abort file present" : ""));
    for (const ForeignPart part : location->foreign) talk.note(std::string(foreign_name(part)) + ": not read");
  }
  VerifyOptions options = command.options;
  options.cancel = &cancel;
  options.on_progress = talk.progress;
  Result<VerifyReport> report = verify(posix_file_system(), *location, options);
  if (!report) return {std::move(report).error()};
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - started;
  tell(*report, took.count(), command, talk);
  return {Status(), report->findings_total == 0, report->complete};
}

}  // namespace mqctl
