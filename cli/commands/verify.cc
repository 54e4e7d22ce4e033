#include <CLI/CLI.hpp>
#include <atomic>
#include <csignal>

#include "cli/commands/command.h"
#include "cli/commands/stop_signals.h"
#include "cli/commands/verify_flags.h"
#include "cli/commands/verify_run.h"
#include "cli/output/exit_status.h"

namespace mqctl {
namespace {

constexpr std::string_view kNotes =
    "Reads only, and beside a running broker: a tail that grows is no damage. The answer is the exit status: 0 sound, "
    "1\n"
    "not. Each finding says what it is, where, how long, and what it means for a broker that opens the store. With -o\n"
    "json a finding is a line, and the last line is a summary.";

class VerifyTool final : public Command {
 public:
  CommandInfo info() const override {
    return {"verify",
            "prove the files sound, or list exactly what is not",
            {{"Sizes, places and body CRCs of the log", "mqctl verify ./store"},
             {"Consume queues and key index against the log too", "mqctl verify ./store --level index"},
             {"For a script: the status is the answer", "mqctl verify ./store -q && echo sound"}},
            kNotes};
  }

  void add_flags(CLI::App& app) override {
    add_verify_flags(app, command_);
    app.add_option("-o,--output", form_, "Form of the answer")
        ->type_name("text|json")
        ->check(CLI::IsMember({"text", "json"}));
    add_common_flags(app, common_);
  }
  Console::Options console() const override { return console_options("verify", common_); }

  int run(Console& console) override {
    command_.form = form_ == "json" ? VerifyForm::kJson : VerifyForm::kText;
    command_.quiet = common_.quiet;
    command_.verbose = common_.verbose;
    command_.look.colour = console.colour_out();
    command_.look.unicode = locale_is_utf8();
    const StopSignals signals;
    const VerifyTalk talk{
        .print = [&console](std::string_view text) { return console.out().write(text); },
        .note = [&console](std::string_view line) { console.note(line); },
        .progress = [&console](uint64_t done, uint64_t total) { console.progress().update(done, total); }};
    const VerifyOutcome outcome = run_verify(command_, signals.flag(), talk);
    console.progress().clear();
    return conclude(outcome, signals.caught(), console);
  }

 private:
  static int conclude(const VerifyOutcome& outcome, int signal, Console& console) {
    if (!outcome.status.ok()) {
      console.error(outcome.status);
      return exit_status::kCouldNot;
    }
    if (signal != 0) return exit_status::kSignal + signal;
    return outcome.sound ? exit_status::kYes : exit_status::kNo;
  }

  VerifyCommand command_;
  CommonFlags common_;
  std::string form_ = "text";
};

}  // namespace

std::unique_ptr<Command> make_verify_command() { return std::make_unique<VerifyTool>(); }

}  // namespace mqctl
