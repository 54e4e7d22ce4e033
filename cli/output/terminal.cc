#include "cli/output/terminal.h"

#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <string_view>

namespace mqctl {
namespace {

const char* set_variable(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr && *value != '\0' ? value : nullptr;
}

}  // namespace

bool is_terminal(int fd) { return ::isatty(fd) == 1; }

bool use_colour(ColourMode mode, int fd) {
  if (mode != ColourMode::kAuto) return mode == ColourMode::kAlways;
  if (set_variable("NO_COLOR") != nullptr) return false;
  const char* term = set_variable("TERM");
  const bool dumb = term == nullptr || std::string_view(term) == "dumb";
  return is_terminal(fd) && !dumb;
}

bool locale_is_utf8() {
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    const char* value = set_variable(name);
    if (value == nullptr) continue;
    return ::strcasestr(value, "utf-8") != nullptr || ::strcasestr(value, "utf8") != nullptr;
  }
  return false;
}

}  // namespace mqctl
