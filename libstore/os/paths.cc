#include "libstore/os/file_system.h"

namespace mqctl {

Result<bool> exists(FileSystem& fs, const std::string& path) {
  const Result<FileStat> stat = fs.stat(path);
  if (!stat && stat.error().code() != Errc::kNotFound) return stat.error();
  return stat.has_value();
}

std::string join_path(std::string_view directory, std::string_view name) {
  std::string path(directory);
  if (!path.empty() && path.back() != '/') path += '/';
  path += name;
  return path;
}

std::string base_name(std::string_view path) {
  const size_t slash = path.rfind('/');
  return std::string(slash == std::string_view::npos ? path : path.substr(slash + 1));
}

std::string parent_path(std::string_view path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string_view::npos) return ".";
  return std::string(path.substr(0, slash == 0 ? 1 : slash));
}

bool is_entry_name(std::string_view name) {
  constexpr size_t kLongest = 255;
  if (name.empty() || name == "." || name == ".." || name.size() > kLongest) return false;
  return name.find('/') == std::string_view::npos && name.find('\0') == std::string_view::npos;
}

}  // namespace mqctl
