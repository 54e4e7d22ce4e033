#include "tests/unit/support/file_use.h"

#include <algorithm>
#include <filesystem>
#include <fstream>

namespace mqctl::test {

bool has_in_use(const std::string& path) {
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    if (line.find(path) != line.npos) return true;
  }
  const std::filesystem::directory_iterator descriptors("/proc/self/fd");
  return std::any_of(begin(descriptors), end(descriptors), [&](const std::filesystem::directory_entry& each) {
    std::error_code closed;  // the iterator's own may be
    // Not the whole of it: " (deleted)" stands behind the name of such a file.
    return std::filesystem::read_symlink(each.path(), closed).string().starts_with(path);
  });
}

}  // namespace mqctl::test
