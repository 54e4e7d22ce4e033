// CommandTree: the commands together with the parser that was made out of their flags; help, man pages and completions
// are read off it, so that they cannot differ from what is parsed.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "cli/commands/command.h"

namespace mqctl {

class CommandTree {
 public:
  CommandTree();
  ~CommandTree();

  // Parses and runs; the exit status.
  int run(int argc, const char* const* argv);

  struct Entry {
    std::unique_ptr<Command> command;
    CLI::App* app = nullptr;
  };
  const std::vector<Entry>& entries() const { return entries_; }
  const Entry* find(std::string_view name) const;
  const CLI::App& root() const { return *root_; }

 private:
  const Entry* chosen() const;
  int take_behind_dashes(int argc, const char* const* argv) const;
  int explain(std::string_view what) const;

  std::unique_ptr<CLI::App> root_;
  std::vector<Entry> entries_;
};

// The one of the candidates that was most likely meant; empty where none is near.
std::string nearest(std::string_view typed, const std::vector<std::string>& candidates);

}  // namespace mqctl
