#include "libstore/os/replace_file.h"

namespace mqctl {
namespace {

// What a process that was killed left there goes, and so does a link that somebody put there: it is not followed.
Result<std::unique_ptr<File>> create_anew(FileSystem& fs, const std::string& path) {
  Result<std::unique_ptr<File>> file = fs.open(path, OpenMode::kCreateExclusive);
  if (file || file.error().code() != Errc::kExists) return file;
  if (Status status = fs.remove(path); !status.ok()) return status;
  return fs.open(path, OpenMode::kCreateExclusive);
}

Status write_new_file(FileSystem& fs, const std::string& path, std::string_view content) {
  Result<std::unique_ptr<File>> file = create_anew(fs, path);
  if (!file) return std::move(file).error();
  if (Status status = (*file)->write_at(0, as_bytes(content)); !status.ok()) return status;
  return (*file)->sync();
}

// A copy, not a rename: at no moment is there no file of the name.
Status keep_backup(FileSystem& fs, const std::string& path) {
  constexpr uint64_t kLimit = 1ull << 30;
  Result<std::string> old = read_whole_file(fs, path, kLimit);
  if (!old) return old.error().code() == Errc::kNotFound ? Status() : std::move(old).error();
  const std::string temporary = path + ".bak.tmp";
  Status status = write_new_file(fs, temporary, *old);
  if (status.ok()) status = fs.rename(temporary, path + ".bak");
  if (!status.ok()) (void)fs.remove(temporary);  // the first error is the one to tell
  return status;
}

}  // namespace

Result<std::string> read_whole_file(FileSystem& fs, const std::string& path, uint64_t limit_bytes) {
  Result<std::unique_ptr<File>> file = fs.open(path, OpenMode::kRead);
  if (!file) return std::move(file).error();
  Result<uint64_t> size = (*file)->size();
  if (!size) return std::move(size).error();
  if (*size > limit_bytes) {
    return Status::error(Errc::kCorruption, "is " + std::to_string(*size) + " bytes long, more than the " +
                                                std::to_string(limit_bytes) + " that such a file may have")
        .at(path);
  }
  std::string content(*size, '\0');
  Result<size_t> got = (*file)->read_at(0, {reinterpret_cast<std::byte*>(content.data()), content.size()});
  if (!got) return std::move(got).error();
  content.resize(*got);
  return content;
}

Status replace_file(FileSystem& fs, const std::string& path, std::string_view content, Backup backup) {
  if (backup == Backup::kKeepBak) {
    if (Status status = keep_backup(fs, path); !status.ok()) return status;
  }
  const std::string temporary = path + ".tmp";
  Status status = write_new_file(fs, temporary, content);
  if (status.ok()) status = fs.rename(temporary, path);
  if (!status.ok()) {
    (void)fs.remove(temporary);  // the first error is the one to tell
    return status;
  }
  return fs.sync_directory(parent_path(path));
}

}  // namespace mqctl
