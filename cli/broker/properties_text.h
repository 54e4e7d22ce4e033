// Text in the form of java.util.Properties, as configuration files and some requests have it.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mqctl {

// Key and value of each line, in order. `=`, `:` or a blank parts them; a backslash at the end joins the next line; a
// line without a value has an empty one.
std::vector<std::pair<std::string, std::string>> parse_properties_text(std::string_view text);

}  // namespace mqctl
