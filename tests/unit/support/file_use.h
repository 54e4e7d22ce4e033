#pragma once

#include <string>

namespace mqctl::test {

// Whether this process has the file mapped, or open: the blocks of one that was deleted are not free before that ends.
bool has_in_use(const std::string& path);

}  // namespace mqctl::test
