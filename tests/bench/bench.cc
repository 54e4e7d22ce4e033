// mqctl_bench: what mqctl does a second on this machine, beside what the machine can do at all and beside Apache's own
// store library and broker, all in one run. Figures are printed, never asserted. docs/performance.md explains the rows.
#include <CLI/CLI.hpp>
#include <filesystem>

#include "tests/bench/groups.h"

using namespace mqctl;

namespace {

struct Group {
  const char* name;
  void (*run)(const BenchSetup&, Report&);
};

constexpr Group kGroups[] = {{"put", bench_put}, {"scan", bench_scan}, {"start", bench_start}, {"serve", bench_serve}};

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("What mqctl does a second, beside the limits of the machine and beside Apache.");
  std::vector<std::string> wanted;
  std::string output = "text";
  BenchSetup setup;
  app.add_option("group", wanted, "put, scan, start, serve; all unless named")
      ->check(CLI::IsMember({"put", "scan", "start", "serve"}));
  app.add_option("-o,--output", output, "text or json")->check(CLI::IsMember({"text", "json"}));
  app.add_option("--mqctl", setup.mqctl, "the program; without it what needs it is left out")->check(CLI::ExistingFile);
  app.add_option("--genuine", setup.genuine_script, "tests/interop/genuine-broker.sh; without it Apache is not run")
      ->check(CLI::ExistingFile);
  CLI11_PARSE(app, argc, argv);
  for (std::string* path : {&setup.mqctl, &setup.genuine_script}) {
    if (!path->empty()) *path = std::filesystem::absolute(*path);
  }
  std::atexit(clean_up);
  Report report(output == "text" ? stdout : nullptr);
  for (const Group& group : kGroups) {
    if (wanted.empty() || std::find(wanted.begin(), wanted.end(), group.name) != wanted.end()) group.run(setup, report);
  }
  if (output == "json") std::puts(report.json().c_str());
}
