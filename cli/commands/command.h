// Command: one subcommand of mqctl. Its flags, help, man page and completions all come from here.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "cli/output/console.h"

namespace CLI {
class App;
}

namespace mqctl {

struct Example {
  std::string_view says;
  std::string_view shell;  // a line that can be typed; tests run each
};

struct CommandInfo {
  std::string_view name;
  std::string_view purpose;  // one line, lower case, no full stop
  std::vector<Example> examples;
  std::string_view notes;  // paragraphs behind the flags; may be empty
};

class Command {
 public:
  virtual ~Command() = default;
  virtual CommandInfo info() const = 0;
  // The object outlives `app`, which fills its members.
  virtual void add_flags(CLI::App& app) = 0;
  virtual Console::Options console() const = 0;
  // Where a program's command line stands behind `--`, and is none of the flags and arguments: gets it before they are
  // parsed. False: there, too, are arguments.
  virtual bool take_behind_dashes(const std::vector<std::string>& /*words*/) { return false; }
  // After parsing; what comes back is the exit status.
  virtual int run(Console& console) = 0;
};

// The flags that commands share; each command adds those that mean something for it.
struct CommonFlags {
  std::string colour = "auto";
  bool quiet = false;
  bool verbose = false;
};
void add_common_flags(CLI::App& app, CommonFlags& flags);
Console::Options console_options(std::string_view command, const CommonFlags& flags);

// All commands, in the order in which help shows them.
std::vector<std::unique_ptr<Command>> make_commands();

std::unique_ptr<Command> make_append_command();
std::unique_ptr<Command> make_dump_command();
std::unique_ptr<Command> make_verify_command();
std::unique_ptr<Command> make_preallocate_command();
std::unique_ptr<Command> make_serve_command();
std::unique_ptr<Command> make_completion_command();
std::unique_ptr<Command> make_help_command();
std::unique_ptr<Command> make_version_command();

}  // namespace mqctl
