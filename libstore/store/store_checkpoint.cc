#include "libstore/store/store_checkpoint.h"

#include <algorithm>
#include <array>

namespace mqctl {
namespace {

constexpr int64_t kLookBackMs = 3000;

}  // namespace

Result<StoreCheckpoint> StoreCheckpoint::load(FileSystem& fs, const std::string& path) {
  StoreCheckpoint checkpoint;
  Result<std::unique_ptr<File>> file = fs.open(path, OpenMode::kRead);
  if (!file && file.error().code() == Errc::kNotFound) return checkpoint;
  if (!file) return std::move(file).error();
  std::array<std::byte, kEncodedBytes> bytes{};
  Result<size_t> got = (*file)->read_at(0, bytes);
  if (!got) return std::move(got).error();
  std::fill(bytes.begin() + static_cast<std::ptrdiff_t>(*got / 8 * 8), bytes.end(), std::byte{0});
  checkpoint.physic_msg_timestamp = EpochMs(load_be<int64_t>(bytes, 0));
  checkpoint.logics_msg_timestamp = EpochMs(load_be<int64_t>(bytes, 8));
  checkpoint.index_msg_timestamp = EpochMs(load_be<int64_t>(bytes, 16));
  checkpoint.master_flushed_offset = PhysicalOffset(load_be<int64_t>(bytes, 24));
  checkpoint.confirm_offset = PhysicalOffset(load_be<int64_t>(bytes, 32));
  checkpoint.logics_physical_offset = PhysicalOffset(load_be<int64_t>(bytes, 40));
  return checkpoint;
}

Status StoreCheckpoint::save(FileSystem& fs, const std::string& path) const {
  Result<std::unique_ptr<File>> file = fs.open(path, OpenMode::kOpenOrCreate);
  if (!file) return std::move(file).error();
  Result<uint64_t> size = (*file)->size();
  if (!size) return std::move(size).error();
  if (*size < kFileBytes) {
    if (Status status = (*file)->resize(kFileBytes); !status.ok()) return status;
  }
  std::array<std::byte, kEncodedBytes> bytes{};
  store_be(bytes, 0, physic_msg_timestamp.value());
  store_be(bytes, 8, logics_msg_timestamp.value());
  store_be(bytes, 16, index_msg_timestamp.value());
  store_be(bytes, 24, master_flushed_offset.value());
  store_be(bytes, 32, confirm_offset.value());
  store_be(bytes, 40, logics_physical_offset.value());
  if (Status status = (*file)->write_at(0, bytes); !status.ok()) return status;
  if (Status status = (*file)->sync(); !status.ok()) return status;
  return *size == 0 ? fs.sync_directory(parent_path(path)) : Status();
}

StoreCheckpoint StoreCheckpoint::of_no_log() const {
  StoreCheckpoint none = *this;
  none.physic_msg_timestamp = none.logics_msg_timestamp = EpochMs(0);
  none.logics_physical_offset = PhysicalOffset(0);
  return none;
}

EpochMs StoreCheckpoint::min_timestamp() const {
  const int64_t earlier = std::min(physic_msg_timestamp.value(), logics_msg_timestamp.value());
  return EpochMs(std::max(earlier, kLookBackMs) - kLookBackMs);  // whatever stands in the file
}

}  // namespace mqctl
