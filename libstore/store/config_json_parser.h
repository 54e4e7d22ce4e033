// Reads strict JSON into a ConfigJson as the library's own parser does, in n log n instead of n² of an object's
// members: the library looks at all that an object has before it adds another.
#pragma once

#include <string_view>

#include "libstore/store/lenient_json.h"

namespace mqctl {

// Members stand where their name came first, with the value that came last. Discarded where the text is not JSON.
ConfigJson parse_config_json(std::string_view text);

}  // namespace mqctl
