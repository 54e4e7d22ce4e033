#include "libstore/log/mapped_file.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace mqctl {
namespace {

// How far ahead blocks are taken in a file that is not allocated whole: much for a large file, little for the many
// small ones of consume queues.
uint64_t allocate_ahead_bytes(uint64_t file_bytes) {
  constexpr uint64_t kLeast = 64u << 10;
  constexpr uint64_t kMost = 1u << 20;
  return std::clamp(file_bytes / 64, kLeast, kMost);
}

constexpr uint64_t kPageBytes = 4096;

bool is_zero(Bytes bytes) {
  return bytes.empty() ||
         (bytes[0] == std::byte{0} && std::memcmp(bytes.data(), bytes.data() + 1, bytes.size() - 1) == 0);
}

Status prepare_new_file(FileSystem& fs, File& file, uint64_t size_bytes, Blocks blocks) {
  const uint64_t real = blocks == Blocks::kWhole ? size_bytes : 0;
  if (real > 0) {
    if (Status status = file.allocate(0, real, AllocateMode::kExtend); !status.ok()) return status;
  }
  if (Status status = file.resize(size_bytes); !status.ok()) return status;
  if (Status status = file.sync(); !status.ok()) return status;
  return fs.sync_directory(parent_path(file.path()));
}

}  // namespace

MappedFile::MappedFile(FileSystem& fs, std::string path, int64_t first_offset, uint64_t size_bytes)
    : fs_(fs), path_(std::move(path)), first_offset_(first_offset), size_bytes_(size_bytes) {}

MappedFile::~MappedFile() = default;

Result<std::unique_ptr<MappedFile>> MappedFile::create(FileSystem& fs, const std::string& path, int64_t first_offset,
                                                       uint64_t size_bytes, Blocks blocks) {
  Result<std::unique_ptr<File>> file = fs.open(path, OpenMode::kCreateExclusive);
  if (!file) return std::move(file).error();
  Status status = prepare_new_file(fs, **file, size_bytes, blocks);
  std::unique_ptr<MappedFile> made(new MappedFile(fs, path, first_offset, size_bytes));
  if (status.ok()) status = made->map(std::move(*file), blocks == Blocks::kWhole ? size_bytes : 0);
  if (!status.ok()) {
    (void)fs.remove(path);  // the first error is the one to tell
    return std::move(status).at(path);
  }
  made->set_positions(0);
  return made;
}

Result<std::unique_ptr<MappedFile>> MappedFile::open(FileSystem& fs, const std::string& path, int64_t first_offset,
                                                     uint64_t size_bytes, Blocks blocks) {
  Result<std::unique_ptr<File>> file = fs.open(path, OpenMode::kReadWrite);
  if (!file) return std::move(file).error();
  Result<uint64_t> size = (*file)->size();
  if (!size) return std::move(size).error();
  if (*size != size_bytes) {
    return Status::error(Errc::kCorruption, "is " + std::to_string(*size) + " bytes long, not " +
                                                std::to_string(size_bytes) + " like the others")
        .at(path);
  }
  std::unique_ptr<MappedFile> opened(new MappedFile(fs, path, first_offset, size_bytes));
  // An existing file may be sparse whatever we would have made: its blocks are taken when it is written on.
  (void)blocks;
  if (Status status = opened->map(std::move(*file), 0); !status.ok()) return status;
  opened->set_positions(size_bytes);
  return opened;
}

Status MappedFile::map(std::unique_ptr<File> file, uint64_t allocated_end) {
  Result<std::unique_ptr<MappedRegion>> region = file->map(MapMode::kReadWrite, size_bytes_);
  if (!region) return std::move(region).error();
  file_ = std::move(file);
  region_ = std::move(*region);
  data_ = region_->data();
  allocated_end_ = allocated_end;
  region_alive_.store(true, std::memory_order_release);
  return {};
}

Status MappedFile::reserve(uint64_t length) {
  const uint64_t wrote = wrote_.load(std::memory_order_relaxed);
  if (length > size_bytes_ - wrote) {
    return Status::error(Errc::kInvalidArgument, "does not fit in what is left of the file").at(path_, wrote);
  }
  if (wrote + length <= allocated_end_) return {};
  const uint64_t end = std::min(size_bytes_, wrote + std::max(length, allocate_ahead_bytes(size_bytes_)));
  if (Status status = file_->allocate(wrote, end - wrote, AllocateMode::kKeepSize); !status.ok()) return status;
  allocated_end_ = end;
  return {};
}

Status MappedFile::append(Bytes bytes) {
  if (Status status = reserve(bytes.size()); !status.ok()) return status;
  std::memcpy(write_cursor(), bytes.data(), bytes.size());
  publish(bytes.size());
  return {};
}

Status MappedFile::append_through_file(Bytes bytes) {
  if (Status status = reserve(bytes.size()); !status.ok()) return status;
  if (Status status = file_->write_at(wrote_.load(std::memory_order_relaxed), bytes); !status.ok()) return status;
  publish(bytes.size());
  return {};
}

void MappedFile::set_positions(uint64_t position) {
  wrote_.store(position, std::memory_order_release);
  flushed_.store(position, std::memory_order_release);
}

uint64_t MappedFile::next_data(uint64_t position) {
  if (position >= size_bytes_) return size_bytes_;
  Result<uint64_t> data = file_->next_data(position);
  return data ? std::clamp(*data, position, size_bytes_) : position;
}

bool MappedFile::all_zeros() { return next_nonzero_page(0) == size_bytes_; }

uint64_t MappedFile::data_end(uint64_t from) {
  uint64_t end = 0;
  while ((from = next_nonzero_page(from)) < size_bytes_) {
    const uint64_t page_end = std::min(size_bytes_, (from / kPageBytes + 1) * kPageBytes);
    end = page_end;
    while (data_[end - 1] == std::byte{0}) --end;
    from = page_end;
  }
  return end;
}

// Holes are zero already: they are stepped over, and zeroing leaves them holes.
uint64_t MappedFile::next_nonzero_page(uint64_t position) {
  while ((position = next_data(position)) < size_bytes_) {
    const uint64_t end = std::min(size_bytes_, (position / kPageBytes + 1) * kPageBytes);
    if (!is_zero(Bytes(data_ + position, end - position))) return position;
    position = end;
  }
  return size_bytes_;
}

Status MappedFile::zero_tail() {
  uint64_t position = wrote_.load(std::memory_order_relaxed);
  bool changed = false;
  while ((position = next_nonzero_page(position)) < size_bytes_) {
    const uint64_t end = std::min(size_bytes_, (position / kPageBytes + 1) * kPageBytes);
    std::memset(data_ + position, 0, end - position);
    changed = true;
    position = end;
  }
  return changed ? file_->sync() : Status();
}

void MappedFile::populate_ahead(uint64_t position, uint64_t length) {
  if (!hold()) return;
  if (position < size_bytes_) region_->populate_write(position, std::min(length, size_bytes_ - position));
  release();
}

Status MappedFile::flush() {
  MutexLock lock(flush_mutex_);
  const uint64_t from = flushed_.load(std::memory_order_relaxed);
  const uint64_t to = wrote_position();
  if (to <= from) return {};
  if (!hold()) return {};
  // The range alone: pages touched ahead of the writer are zeros that nobody waits for.
  Status status = region_->sync(from, to - from);
  release();
  if (status.ok()) flushed_.store(to, std::memory_order_release);
  return std::move(status).at(path_);
}

bool MappedFile::hold() {
  int64_t holds = holds_.load(std::memory_order_relaxed);
  while (holds > 0 && !shut_down_.load(std::memory_order_acquire)) {
    if (holds_.compare_exchange_weak(holds, holds + 1, std::memory_order_acquire)) return true;
  }
  return false;
}

// acq_rel: whoever brings the count to zero sees everything the other holders did before it unmaps.
void MappedFile::release() {
  if (holds_.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  region_.reset();
  file_.reset();
  region_alive_.store(false, std::memory_order_release);
}

void MappedFile::shutdown() {
  if (!shut_down_.exchange(true)) release();
}

Status MappedFile::destroy() {
  shutdown();
  Status status = fs_.remove(path_);
  if (!status.ok() && status.code() == Errc::kNotFound) return {};
  if (!status.ok()) return status;
  return fs_.sync_directory(parent_path(path_));
}

}  // namespace mqctl
