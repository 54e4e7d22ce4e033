#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "libstore/os/file_system.h"
#include "libstore/os/posix_file.h"

namespace mqctl {
namespace {

FileKind kind_of(mode_t mode) {
  if (S_ISREG(mode)) return FileKind::kRegular;
  return S_ISDIR(mode) ? FileKind::kDirectory : FileKind::kOther;
}

int flags_of(OpenMode mode) {
  switch (mode) {
    case OpenMode::kRead:
      return O_RDONLY | O_NONBLOCK;  // a FIFO must not hold us
    case OpenMode::kReadWrite:
      return O_RDWR | O_NONBLOCK;
    case OpenMode::kOpenOrCreate:
      return O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK;  // a link that was planted must not lead to another's file
    case OpenMode::kCreateExclusive:
      return O_RDWR | O_CREAT | O_EXCL;
  }
  return O_RDONLY;
}

Status refuse_special_file(int fd, const std::string& path) {
  struct stat info {};
  if (::fstat(fd, &info) != 0) return Status::from_errno("cannot stat", errno).at(path);
  if (S_ISREG(info.st_mode)) return {};
  const char* what = S_ISDIR(info.st_mode) ? "is a directory" : "is not a regular file";
  return Status::error(Errc::kInvalidArgument, what).at(path);
}

class DirectoryStream {
 public:
  explicit DirectoryStream(const std::string& path) : stream_(::opendir(path.c_str())) {}
  ~DirectoryStream() {
    if (stream_ != nullptr) ::closedir(stream_);
  }
  DirectoryStream(const DirectoryStream&) = delete;
  DirectoryStream& operator=(const DirectoryStream&) = delete;
  DIR* get() const { return stream_; }

 private:
  DIR* stream_;
};

DirectoryEntry entry_of(DIR* stream, const char* name) {
  struct stat info {};
  const bool known = ::fstatat(::dirfd(stream), name, &info, 0) == 0;
  return {name, known ? kind_of(info.st_mode) : FileKind::kOther};
}

class PosixFileSystem final : public FileSystem {
 public:
  Result<std::unique_ptr<File>> open(const std::string& path, OpenMode mode) override {
    Result<Descriptor> descriptor = open_descriptor(path, flags_of(mode));
    if (!descriptor) return std::move(descriptor).error();
    if (Status status = refuse_special_file(descriptor->get(), path); !status.ok()) return status;
    return make_posix_file(std::move(*descriptor), path);
  }

  Result<FileStat> stat(const std::string& path) override {
    struct stat info {};
    if (::stat(path.c_str(), &info) != 0) return Status::from_errno("cannot stat", errno).at(path);
    FileStat found;
    found.kind = kind_of(info.st_mode);
    found.size_bytes = static_cast<uint64_t>(info.st_size);
    found.allocated_bytes = static_cast<uint64_t>(info.st_blocks) * 512;
    found.modified = EpochMs(static_cast<int64_t>(info.st_mtim.tv_sec) * 1000 + info.st_mtim.tv_nsec / 1000000);
    return found;
  }

  Result<std::vector<DirectoryEntry>> list(const std::string& directory) override {
    const DirectoryStream stream(directory);
    if (stream.get() == nullptr) return Status::from_errno("cannot list", errno).at(directory);
    std::vector<DirectoryEntry> entries;
    errno = 0;
    while (const dirent* found = ::readdir(stream.get())) {
      const std::string_view name = found->d_name;
      if (name != "." && name != "..") entries.push_back(entry_of(stream.get(), found->d_name));
      errno = 0;
    }
    if (errno != 0) return Status::from_errno("cannot list", errno).at(directory);
    std::sort(entries.begin(), entries.end(),
              [](const DirectoryEntry& a, const DirectoryEntry& b) { return a.name < b.name; });
    return entries;
  }

  Status create_directories(const std::string& directory) override {
    if (::mkdir(directory.c_str(), kDirectoryMode) == 0) return sync_directory(parent_path(directory));
    if (errno == EEXIST) return require_directory(directory);
    if (errno != ENOENT || parent_path(directory) == directory) {
      return Status::from_errno("cannot create the directory", errno).at(directory);
    }
    if (Status status = create_directories(parent_path(directory)); !status.ok()) return status;
    if (::mkdir(directory.c_str(), kDirectoryMode) != 0 && errno != EEXIST) {
      return Status::from_errno("cannot create the directory", errno).at(directory);
    }
    return sync_directory(parent_path(directory));
  }

  Status rename(const std::string& from, const std::string& to) override {
    if (::rename(from.c_str(), to.c_str()) == 0) return {};
    return Status::from_errno("cannot rename to " + to, errno).at(from);
  }

  Status remove(const std::string& path) override {
    if (::unlink(path.c_str()) == 0) return {};
    if ((errno == EISDIR || errno == EPERM) && ::rmdir(path.c_str()) == 0) return {};
    return Status::from_errno("cannot remove", errno).at(path);
  }

  Status sync_directory(const std::string& directory) override {
    Result<Descriptor> descriptor = open_descriptor(directory, O_RDONLY | O_DIRECTORY);
    if (!descriptor) return std::move(descriptor).error();
    // Some file systems cannot sync a directory and say so; there is nothing more to be done there.
    if (retry_on_eintr([&] { return ::fsync(descriptor->get()); }) == 0 || errno == EINVAL) return {};
    return Status::from_errno("cannot sync the directory", errno).at(directory);
  }

  Result<SpaceInfo> space(const std::string& path) override {
    struct statvfs info {};
    if (::statvfs(path.c_str(), &info) != 0) return Status::from_errno("cannot ask for free space", errno).at(path);
    const auto block = static_cast<uint64_t>(info.f_frsize);
    return SpaceInfo{.total_bytes = block * info.f_blocks,
                     .available_bytes = block * info.f_bavail,
                     .reserved_bytes = block * (info.f_bfree - std::min(info.f_bfree, info.f_bavail))};
  }

 private:
  static constexpr mode_t kDirectoryMode = 0755;

  Status require_directory(const std::string& path) {
    Result<FileStat> found = stat(path);
    if (!found) return std::move(found).error();
    if (found->kind == FileKind::kDirectory) return {};
    return Status::error(Errc::kExists, "is there and not a directory").at(path);
  }
};

}  // namespace

FileSystem& posix_file_system() {
  static PosixFileSystem file_system;
  return file_system;
}

int64_t process_id() { return ::getpid(); }

}  // namespace mqctl
