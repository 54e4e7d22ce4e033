#include "libstore/log/segment_reader.h"

#include <algorithm>

namespace mqctl {
namespace {

// Small enough to stay in the second-level cache between pread and the CRC, large enough to hide the call.
constexpr size_t kWindowBytes = 512u << 10;

}  // namespace

SegmentReader::SegmentReader(SegmentFile segment, std::unique_ptr<File> file)
    : segment_(std::move(segment)), file_(std::move(file)) {}

Result<SegmentReader> SegmentReader::open(FileSystem& fs, const SegmentFile& segment) {
  Result<std::unique_ptr<File>> file = fs.open(segment.path, OpenMode::kRead);
  if (!file) return std::move(file).error();
  SegmentReader reader(segment, std::move(*file));
  if (Status status = reader.refresh(); !status.ok()) return status;
  return reader;
}

Status SegmentReader::refresh() {
  Result<uint64_t> size = file_->size();
  if (!size) return std::move(size).error();
  end_ = *size;
  window_size_ = 0;  // a writer may have filled in what was zeros
  return {};
}

Result<Bytes> SegmentReader::view(uint64_t position, size_t want) {
  if (position >= end_) return Bytes();
  const auto wanted = static_cast<size_t>(std::min<uint64_t>(want, end_ - position));
  const bool inside = position >= window_position_ && position - window_position_ <= window_size_ &&
                      window_size_ - (position - window_position_) >= wanted;
  if (!inside) {
    if (Status status = fill(position, wanted); !status.ok()) return status;
  }
  const auto skip = static_cast<size_t>(position - window_position_);
  return Bytes(window_.get() + skip, window_size_ - skip);
}

Status SegmentReader::fill(uint64_t position, size_t want) {
  const size_t capacity = std::max(want, kWindowBytes);
  if (capacity > window_capacity_ || window_capacity_ > 16 * capacity) {
    window_size_ = 0;
    window_.reset();
    window_ = std::make_unique_for_overwrite<std::byte[]>(capacity);
    window_capacity_ = capacity;
  }
  const auto room = static_cast<size_t>(std::min<uint64_t>(capacity, end_ - position));
  Result<size_t> got = file_->read_at(position, {window_.get(), room});
  window_position_ = position;
  window_size_ = got ? *got : 0;
  if (!got) return std::move(got).error();
  if (*got < room) end_ = position + *got;  // the file shrank
  return {};
}

uint64_t SegmentReader::next_data(uint64_t from) {
  if (from >= end_) return end_;
  Result<uint64_t> found = file_->next_data(from);
  return found ? std::clamp(*found, from, end_) : from;
}

}  // namespace mqctl
