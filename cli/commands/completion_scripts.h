// Completion scripts for bash, zsh and fish, made out of the flags that the parser knows. What stands in completions/
// is what these return.
#pragma once

#include <string>

#include "cli/commands/command_tree.h"

namespace mqctl {

std::string bash_completion(const CommandTree& tree);
std::string zsh_completion(const CommandTree& tree);
std::string fish_completion(const CommandTree& tree);

}  // namespace mqctl
