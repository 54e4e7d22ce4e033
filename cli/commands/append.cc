#include <unistd.h>

#include <CLI/CLI.hpp>

#include "cli/commands/append_flags.h"
#include "cli/commands/append_run.h"
#include "cli/commands/command.h"
#include "cli/output/exit_status.h"

namespace mqctl {
namespace {

constexpr std::string_view kNotes =
    "The store is opened as a broker would: a crash is recovered from first, and said. On exit queues and index are\n"
    "complete and the store is closed cleanly, so that any broker can open it. A store in use is refused (status 4).\n"
    "\n"
    "Wrong input ends with the number of its line and status 2; everything before it is stored. JSON records are "
    "those\n"
    "of `mqctl dump -o json`; pos, qoff, stored, store_host and msgid are assigned anew.";

class AppendCommand final : public Command {
 public:
  CommandInfo info() const override {
    return {
        "append",
        "write messages into a store, no server needed",
        {{"One message; the store is made if it is not there", "mqctl append ./store -t orders -b 'hello'"},
         {"A message a line, with tag and property, and where each went",
          "seq 3 | mqctl append ./store -t orders --tags TagA -p source=shell --receipt"},
         {"All of a topic into another store", "mqctl dump ./store -t orders -o json | mqctl append ./copy -i json"}},
        kNotes};
  }

  void add_flags(CLI::App& app) override {
    add_append_flags(app, flags_);
    add_common_flags(app, common_);
  }
  Console::Options console() const override { return console_options("append", common_); }

  int run(Console& console) override {
    flags_.options.quiet = common_.quiet;
    flags_.options.verbose = common_.verbose;
    Result<AppendOptions> options = append_options(flags_, system_clock().now());
    if (!options) {
      console.error(options.error());
      return exit_status::kUsage;
    }
    if (!options->body && is_terminal(STDIN_FILENO)) {
      console.error("nothing to append: give -b BODY, or messages on standard input; see `mqctl append --help`");
      return exit_status::kUsage;
    }
    return conclude(run_append(*options, system_clock(), talk_to(console)), console);
  }

 private:
  static AppendTalk talk_to(Console& console) {
    return {.note = [&console](std::string_view line) { console.note(line); },
            .warn = [&console](std::string_view line) { console.warning(line); },
            .print = [&console](std::string_view text) { console.out().write(text); },
            .progress = [&console](uint64_t bytes) { console.progress().update(bytes, 0); }};
  }

  static int conclude(const AppendOutcome& outcome, Console& console) {
    if (!outcome.status.ok()) {
      console.error(outcome.status);
      return outcome.refused ? exit_status::kRefused : exit_status_of(outcome.status, outcome.root);
    }
    return outcome.stopped_by == 0 ? exit_status::kYes : exit_status::kSignal + outcome.stopped_by;
  }

  AppendFlags flags_;
  CommonFlags common_;
};

}  // namespace

std::unique_ptr<Command> make_append_command() { return std::make_unique<AppendCommand>(); }

}  // namespace mqctl
