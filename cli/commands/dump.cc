#include <CLI/CLI.hpp>

#include "cli/commands/command.h"
#include "cli/commands/dump_flags.h"
#include "cli/commands/dump_run.h"
#include "cli/output/exit_status.h"
#include "libstore/base/clock.h"

namespace mqctl {
namespace {

constexpr std::string_view kNotes =
    "All filters given must hold. Nothing is written, and a broker may be running: the tail that grows is no damage.\n"
    "Damage met on the way is reported in its place (-o json: a line with \"finding\", else a warning), and reading "
    "goes\n"
    "on at the next sound record. Status 1: filters were given, and nothing matched.";

class DumpCommand final : public Command {
 public:
  CommandInfo info() const override {
    return {"dump",
            "read messages",
            {{"Everything, a line each", "mqctl dump ./store"},
             {"The last three of a topic, as JSON", "mqctl dump ./store -t orders --reverse --count 3 -o json"},
             {"Where the messages with a word in their body are",
              "mqctl dump ./store --grep 'hello|world' -f '%pos %topic\\n'"}},
            kNotes};
  }

  void add_flags(CLI::App& app) override {
    add_dump_flags(app, flags_);
    add_common_flags(app, common_);
  }
  Console::Options console() const override { return console_options("dump", common_); }

  int run(Console& console) override {
    flags_.options.quiet = common_.quiet;
    flags_.options.verbose = common_.verbose;
    Result<DumpOptions> options = dump_options(flags_, system_clock().now());
    if (!options) {
      console.error(options.error());
      return exit_status::kUsage;
    }
    const StopSignals signals;
    const DumpOutcome outcome = run_dump(*options, console, signals);
    if (!outcome.status.ok()) {
      console.out().flush();
      console.error(outcome.status);
      return exit_status_of(outcome.status);
    }
    if (signals.caught() != 0) return exit_status::kSignal + signals.caught();
    if (outcome.timed_out) return exit_status::kTimedOut;
    if (outcome.unreadable) return exit_status::kCouldNot;
    const bool none = outcome.shown == 0 && options->has_filter() && options->count != 0u;
    return none ? exit_status::kNo : exit_status::kYes;
  }

 private:
  DumpFlags flags_;
  CommonFlags common_;
};

}  // namespace

std::unique_ptr<Command> make_dump_command() { return std::make_unique<DumpCommand>(); }

}  // namespace mqctl
