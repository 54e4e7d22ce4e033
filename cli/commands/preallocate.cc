#include <CLI/CLI.hpp>
#include <cstdlib>

#include "cli/commands/command.h"
#include "cli/commands/preallocate_run.h"
#include "cli/output/exit_status.h"
#include "cli/output/units.h"

namespace mqctl {
namespace {

constexpr std::string_view kNotes =
    "Segments are made with real blocks, so that a full disk shows now and not in the middle of a write. Not enough\n"
    "space is status 3 before anything is made. Apache 5.5.0 looks for its log's end in the last ten segments only:\n"
    "more spare ones than that need --force.";

Result<Reserve> parse_reserve(const std::string& text) {
  if (!text.ends_with('%')) {
    Result<uint64_t> bytes = parse_size(text);
    if (!bytes) return std::move(bytes).error();
    return Reserve{.bytes = *bytes};
  }
  char* end = nullptr;
  const double percent = std::strtod(text.c_str(), &end);
  const bool whole = end == text.c_str() + text.size() - 1 && text.size() > 1 && text[0] >= '0' && text[0] <= '9';
  if (whole && percent >= 0 && percent <= 100) return Reserve{.percent = percent};
  return Status::error(Errc::kInvalidArgument, "`" + text + "` is neither a size nor a share like 10%");
}

class PreallocateCommand final : public Command {
 public:
  CommandInfo info() const override {
    return {"preallocate",
            "create the next commit-log segments with real blocks",
            {{"What would be made", "mqctl preallocate ./store --count 2 --size 16MiB -n"},
             {"Two segments of 16 MiB, a tenth of the disk left free",
              "mqctl preallocate ./store --count 2 --size 16MiB --reserve 10%"},
             {"One more, of the size of the others, pages touched", "mqctl preallocate ./store --warm"}},
            kNotes};
  }

  void add_flags(CLI::App& app) override {
    app.add_option("STORE", options_.location, "Store directory; made if it is not there")->required();
    app.add_option("--count", options_.count, "Segments to make; default 1")
        ->type_name("N")
        ->check(CLI::Range(1, 10000));
    app.add_option("--size", size_, "Size of a segment of a new store; default 1GiB, else as the others")
        ->type_name("SIZE");
    app.add_flag("--warm", options_.warm, "Touch every page");
    app.add_option("--reserve", reserve_, "Leave so much of the file system free: 10%, 5GiB")->type_name("SHARE");
    app.add_flag("-n,--dry-run", options_.dry_run, "Print the plan, change nothing");
    app.add_flag("--force", options_.force, "Make ten spare segments and more all the same");
    app.add_option("-o,--output", form_, "Form of the answer")
        ->type_name("text|json")
        ->check(CLI::IsMember({"text", "json"}));
    add_common_flags(app, common_);
  }
  Console::Options console() const override { return console_options("preallocate", common_); }

  int run(Console& console) override {
    if (Status status = fill_options(); !status.ok()) {
      console.error(status);
      return exit_status::kUsage;
    }
    const PreallocateTalk talk{.print = [&console](std::string_view text) { console.out().write(text); },
                               .note = [&console](std::string_view line) { console.note(line); }};
    const PreallocateOutcome outcome = run_preallocate(options_, talk);
    if (outcome.status.ok()) return exit_status::kYes;
    console.error(outcome.status);
    return outcome.refused ? exit_status::kRefused : exit_status_of(outcome.status);
  }

 private:
  Status fill_options() {
    options_.json = form_ == "json";
    options_.quiet = common_.quiet;
    if (!size_.empty()) {
      Result<uint64_t> size = parse_size(size_);
      if (!size) return std::move(size).error().context("--size");
      options_.segment_bytes = *size;
    }
    if (reserve_.empty()) return {};
    Result<Reserve> reserve = parse_reserve(reserve_);
    if (!reserve) return std::move(reserve).error().context("--reserve");
    options_.reserve = *reserve;
    return {};
  }

  PreallocateOptions options_;
  CommonFlags common_;
  std::string size_, reserve_, form_ = "text";
};

}  // namespace

std::unique_ptr<Command> make_preallocate_command() { return std::make_unique<PreallocateCommand>(); }

}  // namespace mqctl
