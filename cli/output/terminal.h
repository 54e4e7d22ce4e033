// What the streams lead to: a terminal or not, with colours or not, able to show UTF-8 or not.
#pragma once

#include <cstdint>

namespace mqctl {

enum class ColourMode : uint8_t { kAuto, kAlways, kNever };

bool is_terminal(int fd);
// kAuto: on a terminal, unless NO_COLOR is set or TERM is dumb.
bool use_colour(ColourMode mode, int fd);
// By LC_ALL, LC_CTYPE, LANG.
bool locale_is_utf8();

}  // namespace mqctl
