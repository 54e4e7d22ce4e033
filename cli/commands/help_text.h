// Help as text and as man pages: one source, the commands and their parsers.
#pragma once

#include <string>
#include <vector>

#include "cli/commands/command_tree.h"
#include "cli/commands/flag_listing.h"

namespace mqctl {

std::string overview_text(const CommandTree& tree);
std::string help_text(const CommandTree::Entry& entry);

// Pages for section 1, roff.
std::string overview_man_page(const CommandTree& tree);
std::string man_page(const CommandTree::Entry& entry);

struct StatusMeaning {
  const char* status;
  const char* meaning;
};
const std::vector<StatusMeaning>& status_meanings();

}  // namespace mqctl
