#include <CLI/CLI.hpp>
#include <algorithm>

#include "cli/commands/command.h"
#include "cli/commands/help_text.h"
#include "cli/output/exit_status.h"
#include "libstore/os/replace_file.h"

namespace mqctl {
namespace {

std::vector<std::string> command_names(const CommandTree& tree) {
  std::vector<std::string> names;
  for (const CommandTree::Entry& entry : tree.entries()) names.emplace_back(entry.command->info().name);
  return names;
}

class HelpCommand final : public Command {
 public:
  CommandInfo info() const override {
    return {"help", "show how a command is used", {{"The flags of dump", "mqctl help dump"}}, ""};
  }
  void add_flags(CLI::App& app) override {
    app.add_option("COMMAND", name_, "Command to explain; none: all, in short");
    app.add_option("--man", man_, "Write the man pages into this directory")->type_name("DIR");
  }
  Console::Options console() const override { return {.command = "help"}; }
  int run(Console& console) override {
    const CommandTree tree;
    if (!man_.empty()) return write_pages(tree, console);
    if (name_.empty()) {
      console.out().write(overview_text(tree));
      return exit_status::kYes;
    }
    const CommandTree::Entry* entry = tree.find(name_);
    if (entry == nullptr) return unknown(tree, console);
    console.out().write(help_text(*entry));
    return exit_status::kYes;
  }

 private:
  int unknown(const CommandTree& tree, Console& console) const {
    const std::string meant = nearest(name_, command_names(tree));
    console.error("unknown command `" + name_ + "`" + (meant.empty() ? "" : "; did you mean `" + meant + "`?"));
    return exit_status::kUsage;
  }

  int write_pages(const CommandTree& tree, Console& console) const {
    Status status = write_page("mqctl.1", overview_man_page(tree));
    for (const CommandTree::Entry& entry : tree.entries()) {
      if (!status.ok()) break;
      status = write_page("mqctl-" + std::string(entry.command->info().name) + ".1", man_page(entry));
    }
    if (!status.ok()) console.error(status);
    return exit_status_of(status);
  }

  Status write_page(const std::string& name, const std::string& page) const {
    return replace_file(posix_file_system(), join_path(man_, name), page, Backup::kNone);
  }

  std::string name_, man_;
};

}  // namespace

std::unique_ptr<Command> make_help_command() { return std::make_unique<HelpCommand>(); }

}  // namespace mqctl
