#include "shadow.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace standin {
namespace {

struct Mapping {
  size_t length;
  off_t offset;
  ino_t inode;
};

struct Shadow {
  std::string directory, root;
  std::mutex mutex;
  std::map<char*, Mapping> mappings;
};

Shadow* shadow() {
  static Shadow* const made = [] {
    const char* directory = std::getenv("MQCTL_STANDIN_SHADOW");
    const char* root = std::getenv("MQCTL_STANDIN_ROOT");
    if (directory == nullptr || root == nullptr) return static_cast<Shadow*>(nullptr);
    return new Shadow{directory, root, {}, {}};
  }();
  return made;
}

// The stand-in's own files, by system calls that it does not replace.
int own_open(const std::string& path, int flags) {
  return static_cast<int>(::syscall(SYS_openat, AT_FDCWD, path.c_str(), flags | O_CLOEXEC, 0644));
}
void own_close(int fd) { ::syscall(SYS_close, fd); }
void own_write(int fd, const char* from, size_t length, off_t at) {
  while (length > 0) {
    const long put = ::syscall(SYS_pwrite64, fd, from, length, at);
    if (put <= 0) std::abort();  // the test's machine, not the one that it plays
    from += put, at += put, length -= static_cast<size_t>(put);
  }
}
void own_rename(const std::string& from, const std::string& to) {
  if (::syscall(SYS_rename, from.c_str(), to.c_str()) != 0) std::abort();
}

std::string place(const Shadow& of, const char* part, ino_t inode) {
  return of.directory + "/" + part + "/" + std::to_string(inode);
}

bool follows(const Shadow& of, ino_t inode) { return ::access(place(of, "alive", inode).c_str(), F_OK) == 0; }

std::string path_of(int fd) {
  std::string path(4096, '\0');
  const ssize_t size = ::readlink(("/proc/self/fd/" + std::to_string(fd)).c_str(), path.data(), path.size());
  path.resize(size < 0 ? 0 : static_cast<size_t>(size));
  return path;
}

bool inside(const Shadow& of, const std::string& path) {
  return path.starts_with(of.root) && (path.size() == of.root.size() || path[of.root.size()] == '/');
}

void copy_range(int from, int to, off_t begin, off_t end) {
  std::vector<char> piece(1 << 16);
  while (begin < end) {
    const size_t most = std::min(piece.size(), static_cast<size_t>(end - begin));
    const ssize_t got = ::pread(from, piece.data(), most, begin);
    if (got <= 0) return;
    own_write(to, piece.data(), static_cast<size_t>(got), begin);
    begin += got;
  }
}

// Whole, beside the old one, then in its place: a sync that the power cuts short may have done nothing.
void sync_content(const Shadow& of, int fd, const struct stat& info) {
  const std::string target = place(of, "synced", info.st_ino);
  const int from = own_open("/proc/self/fd/" + std::to_string(fd), O_RDONLY);
  const int to = own_open(target + ".new", O_WRONLY | O_CREAT | O_TRUNC);
  if (from < 0 || to < 0 || ::syscall(SYS_ftruncate, to, info.st_size) != 0) std::abort();
  for (off_t at = 0; at < info.st_size;) {
    const off_t begin = ::lseek(from, at, SEEK_DATA);
    if (begin < 0) break;
    const off_t end = ::lseek(from, begin, SEEK_HOLE);
    copy_range(from, to, begin, end);
    at = end;
  }
  own_close(from);
  own_close(to);
  own_rename(target + ".new", target);
}

void sync_names(const Shadow& of, int fd, const struct stat& info) {
  std::string lines;
  DIR* const stream = ::opendir(("/proc/self/fd/" + std::to_string(fd)).c_str());
  if (stream == nullptr) std::abort();
  while (const dirent* entry = ::readdir(stream)) {
    const std::string name = entry->d_name;
    struct stat each {};
    if (name == "." || name == ".." || ::fstatat(::dirfd(stream), entry->d_name, &each, AT_SYMLINK_NOFOLLOW) != 0)
      continue;
    lines += (S_ISDIR(each.st_mode) ? "d " : "f ") + std::to_string(each.st_ino) + " " + name + "\n";
  }
  ::closedir(stream);
  const std::string target = place(of, "names", info.st_ino);
  const int to = own_open(target + ".new", O_WRONLY | O_CREAT | O_TRUNC);
  own_write(to, lines.data(), lines.size(), 0);
  own_close(to);
  own_rename(target + ".new", target);
}

}  // namespace

bool shadowing() { return shadow() != nullptr; }

void shadow_opened(int fd) {
  Shadow* const of = shadow();
  struct stat info {};
  if (of == nullptr || ::fstat(fd, &info) != 0 || !S_ISREG(info.st_mode) || !inside(*of, path_of(fd))) return;
  const std::string target = place(*of, "alive", info.st_ino);
  const std::string source = "/proc/self/fd/" + std::to_string(fd);
  if (::linkat(AT_FDCWD, source.c_str(), AT_FDCWD, target.c_str(), AT_SYMLINK_FOLLOW) != 0 && errno != EEXIST)
    std::abort();
}

void shadow_synced(int fd) {
  Shadow* const of = shadow();
  struct stat info {};
  if (of == nullptr || ::fstat(fd, &info) != 0) return;
  const std::scoped_lock lock(of->mutex);
  if (S_ISDIR(info.st_mode) && inside(*of, path_of(fd))) sync_names(*of, fd, info);
  if (S_ISREG(info.st_mode) && follows(*of, info.st_ino)) sync_content(*of, fd, info);
}

void shadow_mapped(void* address, size_t length, int fd, off_t offset) {
  Shadow* const of = shadow();
  struct stat info {};
  if (of == nullptr || fd < 0 || ::fstat(fd, &info) != 0 || !follows(*of, info.st_ino)) return;
  const std::scoped_lock lock(of->mutex);
  of->mappings[static_cast<char*>(address)] = {length, offset, info.st_ino};
}

void shadow_unmapped(void* address) {
  Shadow* const of = shadow();
  if (of == nullptr) return;
  const std::scoped_lock lock(of->mutex);
  of->mappings.erase(static_cast<char*>(address));
}

void shadow_synced_range(void* address, size_t length) {
  Shadow* const of = shadow();
  if (of == nullptr) return;
  constexpr size_t kPage = 4096;
  char* const begin = static_cast<char*>(address);
  const std::scoped_lock lock(of->mutex);
  auto found = of->mappings.upper_bound(begin);
  if (found == of->mappings.begin()) return;
  const auto& [start, mapping] = *--found;
  const auto at = static_cast<size_t>(begin - start);
  if (at >= mapping.length) return;
  const size_t end = std::min(mapping.length, (at + length + kPage - 1) / kPage * kPage);
  const int to = own_open(place(*of, "synced", mapping.inode), O_WRONLY | O_CREAT);
  if (to < 0) std::abort();
  own_write(to, begin, end - at, mapping.offset + static_cast<off_t>(at));
  own_close(to);
}

}  // namespace standin
