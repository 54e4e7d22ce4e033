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

constexpr uint64_t kPageBytes = 4096, kPieceBytes = 1 << 20;

bool is_zero(Bytes bytes) {
  return bytes.empty() ||
         (bytes[0] == std::byte{0} && std::memcmp(bytes.data(), bytes.data() + 1, bytes.size() - 1) == 0);
}

// Its size first, and at once: a file that a power cut left shorter than the others would keep the store from opening.
Status prepare_new_file(FileSystem& fs, File& file, uint64_t size_bytes, Blocks blocks) {
  if (Status status = file.resize(size_bytes); !status.ok()) return status;
  if (blocks == Blocks::kWhole) {
    if (Status status = file.allocate(0, size_bytes); !status.ok()) return status;
  }
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
                                                     uint64_t size_bytes) {
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
  // It may be sparse, whoever made it: its blocks are taken when it is written on.
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
  if (Status status = file_->allocate(wrote, end - wrote); !status.ok()) return status;
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
  if (Status status = file_->write_at(wrote_.load(std::memory_order_relaxed), bytes); !status.ok()) {
    // A part of it may be there, whole records of a batch among it: what was refused is not to be found by a recovery.
    std::memset(write_cursor(), 0, bytes.size());
    return status;
  }
  publish(bytes.size());
  return {};
}

void MappedFile::set_positions(uint64_t position) {
  wrote_.store(position, std::memory_order_release);
  flushed_.store(position, std::memory_order_release);
}

std::vector<FileRange> MappedFile::data_ranges(uint64_t from) {
  std::vector<FileRange> ranges;
  while (from < size_bytes_) {
    const Result<uint64_t> data = file_->next_data(from);
    const uint64_t begin = data ? std::clamp(*data, from, size_bytes_) : from;
    if (begin == size_bytes_) break;
    const Result<uint64_t> hole = data ? file_->next_hole(begin) : size_bytes_;
    const uint64_t end = hole && *hole > begin ? std::min(*hole, size_bytes_) : size_bytes_;
    ranges.push_back({begin, end});
    from = end;
  }
  return ranges;
}

void MappedFile::visit_data(uint64_t from, const std::function<bool(FileRange)>& visit) {
  const std::vector<FileRange> ranges = data_ranges(from);
  bool more = true;
  region_->read_ahead(from, ReadAhead::kPageAlone);
  for (const FileRange& range : ranges) {
    for (uint64_t begin = range.begin; more && begin < range.end; begin += kPieceBytes) {
      const uint64_t end = std::min(range.end, begin + kPieceBytes);
      file_->will_need(begin, end - begin);
      more = visit({begin, end});
    }
  }
  region_->read_ahead(from, ReadAhead::kNormal);
}

// Every page with another byte than zero in it, or the part of it that counts.
void MappedFile::visit_nonzero(uint64_t from, const std::function<bool(FileRange)>& visit) {
  visit_data(from, [&](FileRange piece) {
    for (uint64_t begin = piece.begin; begin < piece.end;) {
      const uint64_t end = std::min(piece.end, (begin / kPageBytes + 1) * kPageBytes);
      if (!is_zero(Bytes(data_ + begin, end - begin)) && !visit({begin, end})) return false;
      begin = end;
    }
    return true;
  });
}

bool MappedFile::all_zeros() {
  bool zeros = true;
  visit_nonzero(0, [&](FileRange) { return zeros = false; });
  return zeros;
}

uint64_t MappedFile::data_end(uint64_t from) {
  uint64_t end = 0;
  visit_nonzero(from, [&](FileRange page) {
    end = page.end;
    while (data_[end - 1] == std::byte{0}) --end;
    return true;
  });
  return end;
}

// Holes are zero already, and stay holes.
Status MappedFile::zero_tail() {
  bool changed = false;
  visit_nonzero(wrote_.load(std::memory_order_relaxed), [&](FileRange page) {
    std::memset(data_ + page.begin, 0, page.end - page.begin);
    return changed = true;
  });
  return changed ? file_->sync() : Status();
}

Status MappedFile::sync_anew(uint64_t from) {
  const uint64_t wrote = wrote_.load(std::memory_order_relaxed);
  if (from < wrote) region_->mark_written(from, wrote - from);
  return sync();
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
  if (!flush_failure_.ok()) return flush_failure_;
  if (to <= from) return {};
  if (!hold()) return {};
  // The range alone: pages touched ahead of the writer are zeros that nobody waits for.
  Status status = region_->sync(from, to - from);
  release();
  if (status.ok()) {
    flushed_.store(to, std::memory_order_release);
    return {};
  }
  flush_failure_ = std::move(status).at(path_);
  return flush_failure_;
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
  if (!status.ok() && status.code() != Errc::kNotFound) return status;
  return fs_.sync_directory(parent_path(path_));
}

}  // namespace mqctl
