// Members of JSON tables that grow with the broker.
#pragma once

#include <string>
#include <utility>

#include "libstore/store/lenient_json.h"

namespace mqctl {

// One that the object does not have yet. operator[] would go over all that it has first: for a table of 70,000 groups
// that takes half a minute.
inline void append_member(ConfigJson& object, const std::string& name, ConfigJson value) {
  object.get_ref<ConfigJson::object_t&>().emplace_back(name, std::move(value));
}

}  // namespace mqctl
