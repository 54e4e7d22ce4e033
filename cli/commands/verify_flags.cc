#include "cli/commands/verify_flags.h"

#include <CLI/CLI.hpp>
#include <string>
#include <utility>
#include <vector>

namespace mqctl {
namespace {

constexpr unsigned kMostJobs = 1024;

template <class Values>
CLI::CheckedTransformer one_of(const Values& values) {
  return CLI::CheckedTransformer(values, CLI::ignore_case);
}

}  // namespace

void add_verify_flags(CLI::App& app, VerifyCommand& command) {
  VerifyOptions& options = command.options;
  options.max_findings = kDefaultMaxFindings;
  app.add_option("LOCATION", command.location, "Store, commitlog directory, or segment file")->required();
  const std::vector<std::pair<std::string, VerifyLevel>> levels = {
      {"frame", VerifyLevel::kFrame}, {"crc", VerifyLevel::kCrc}, {"index", VerifyLevel::kIndex}};
  app.add_option("--level", options.level,
                 "frame: sizes and places; crc: bodies too (default); index: consume queues and key index too")
      ->type_name("frame|crc|index")
      ->transform(one_of(levels));
  app.add_option("--jobs", options.jobs, "Threads that read segments; default 1")
      ->type_name("N")
      ->check(CLI::Range(1u, kMostJobs));
  app.add_option("--max-findings", options.max_findings, "Findings shown; all are counted; default 10000")
      ->type_name("N");
  const std::vector<std::pair<std::string, TailPolicy>> tails = {{"ok", TailPolicy::kOk},
                                                                 {"strict", TailPolicy::kStrict}};
  app.add_option("--tail", options.tail,
                 "ok: an unfinished tail of a live or crashed store is none (default); strict: it is a finding")
      ->type_name("ok|strict")
      ->transform(one_of(tails));
  app.add_flag("--stop-at-first", options.stop_at_first, "End with the first finding");
}

}  // namespace mqctl
