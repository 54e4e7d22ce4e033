#include <CLI/CLI.hpp>

#include "cli/commands/command.h"

namespace mqctl {

void add_common_flags(CLI::App& app, CommonFlags& flags) {
  app.add_option("--color", flags.colour, "When to use colours; NO_COLOR and TERM=dumb are obeyed")
      ->type_name("auto|always|never")
      ->check(CLI::IsMember({"auto", "always", "never"}));
  app.add_flag("-q,--quiet", flags.quiet, "Say nothing; the exit status is the answer");
  app.add_flag("-v,--verbose", flags.verbose, "Say more on standard error");
}

Console::Options console_options(std::string_view command, const CommonFlags& flags) {
  const ColourMode colour = flags.colour == "always"  ? ColourMode::kAlways
                            : flags.colour == "never" ? ColourMode::kNever
                                                      : ColourMode::kAuto;
  return {.command = std::string(command), .colour = colour, .quiet = flags.quiet};
}

std::vector<std::unique_ptr<Command>> make_commands() {
  std::vector<std::unique_ptr<Command>> commands;
  commands.push_back(make_append_command());
  commands.push_back(make_dump_command());
  commands.push_back(make_verify_command());
  commands.push_back(make_preallocate_command());
  commands.push_back(make_serve_command());
  commands.push_back(make_completion_command());
  commands.push_back(make_help_command());
  commands.push_back(make_version_command());
  return commands;
}

}  // namespace mqctl
