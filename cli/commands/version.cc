#include <CLI/CLI.hpp>

#include "cli/commands/command.h"
#include "cli/output/exit_status.h"

namespace mqctl {
namespace {

class VersionCommand final : public Command {
 public:
  CommandInfo info() const override {
    return {"version", "show the version", {{"Which mqctl is this?", "mqctl version"}}, ""};
  }
  void add_flags(CLI::App& app) override {
    app.add_option("-o,--output", form_, "Form of the answer")
        ->type_name("text|json")
        ->check(CLI::IsMember({"text", "json"}));
  }
  Console::Options console() const override { return {.command = "version"}; }
  int run(Console& console) override {
    const bool json = form_ == "json";
    console.out().write(json ? R"({"v":1,"version":")" MQCTL_VERSION "\"}\n" : "mqctl " MQCTL_VERSION "\n");
    return exit_status::kYes;
  }

 private:
  std::string form_ = "text";
};

}  // namespace

std::unique_ptr<Command> make_version_command() { return std::make_unique<VersionCommand>(); }

}  // namespace mqctl
