#include "libstore/os/store_lock.h"

namespace mqctl {
namespace {

constexpr std::string_view kLockContent = "lock";

}  // namespace

Result<StoreLock> StoreLock::acquire(FileSystem& fs, const std::string& root) {
  Result<std::unique_ptr<File>> file = fs.open(join_path(root, "lock"), OpenMode::kOpenOrCreate);
  if (!file) return std::move(file).error();
  if (Status status = (*file)->lock_first_byte(); !status.ok()) return status;
  if (Status status = (*file)->write_at(0, as_bytes(kLockContent)); !status.ok()) return status;
  if (Status status = (*file)->sync(); !status.ok()) return status;
  return StoreLock(std::move(*file));
}

LockProbe StoreLock::probe(FileSystem& fs, const std::string& root) {
  Result<std::unique_ptr<File>> file = fs.open(join_path(root, "lock"), OpenMode::kRead);
  if (!file) return LockProbe::kFree;
  return (*file)->lock_holder().has_value() ? LockProbe::kHeld : LockProbe::kFree;
}

}  // namespace mqctl
