#include "libstore/index/consume_queue_ext.h"

#include <array>

namespace mqctl {
namespace {

Status no_unit(const File& file, uint64_t position) {
  return Status::error(Errc::kCorruption, "no extension unit here").at(file.path(), position);
}

Result<ConsumeQueueExtUnit> read_unit(File& file, uint64_t position) {
  std::array<std::byte, ConsumeQueueExtUnit::kHeadBytes> head{};
  Result<size_t> got = file.read_at(position, head);
  if (!got) return std::move(got).error();
  if (*got < head.size()) return no_unit(file, position);
  const auto size = load_be<int16_t>(head, ConsumeQueueExtUnit::kSizeAt);
  const auto bit_map_size = load_be<int16_t>(head, ConsumeQueueExtUnit::kBitMapSizeAt);
  if (bit_map_size < 0 || size - static_cast<int>(head.size()) != bit_map_size) return no_unit(file, position);

  ConsumeQueueExtUnit unit;
  unit.tags_code = load_be<int64_t>(head, ConsumeQueueExtUnit::kTagsCodeAt);
  unit.stored = EpochMs(load_be<int64_t>(head, ConsumeQueueExtUnit::kStoredAt));
  unit.filter_bit_map.resize(static_cast<size_t>(bit_map_size));
  got = file.read_at(position + head.size(), unit.filter_bit_map);
  if (!got) return std::move(got).error();
  if (*got < unit.filter_bit_map.size()) return no_unit(file, position);
  return unit;
}

}  // namespace

Result<ConsumeQueueExt> ConsumeQueueExt::open(FileSystem& fs, const std::string& directory) {
  Result<SegmentList> files = list_segments(fs, {directory});
  if (!files) return std::move(files).error();
  ConsumeQueueExt ext(std::move(*files));
  if (Status status = ext.open_files(fs); !status.ok()) return status;
  return ext;
}

Status ConsumeQueueExt::open_files(FileSystem& fs) {
  for (const SegmentFile& segment : files_.segments) {
    Result<std::unique_ptr<File>> file = fs.open(segment.path, OpenMode::kRead);
    if (!file) return std::move(file).error();
    open_.push_back(std::move(*file));
  }
  return {};
}

Result<ConsumeQueueExtUnit> ConsumeQueueExt::read(int64_t address) const {
  if (!is_extension_address(address)) {
    return Status::error(Errc::kInvalidArgument, std::to_string(address) + " is no address of an extension unit");
  }
  const PhysicalOffset offset(extension_offset(address));
  const SegmentFile* segment = files_.find(offset);
  if (segment == nullptr) {
    return Status::error(Errc::kNotFound, "no extension file holds offset " + std::to_string(offset.value()));
  }
  const auto index = static_cast<size_t>(segment - files_.segments.data());
  return read_unit(*open_[index], static_cast<uint64_t>(offset - segment->base));
}

// A unit's size of -1 says that the rest of the file is not used; anything else that is no unit ends the queue.
Result<int64_t> ConsumeQueueExt::end_of_units(size_t file) const {
  uint64_t position = 0;
  while (true) {
    Result<ConsumeQueueExtUnit> unit = read_unit(*open_[file], position);
    if (!unit && unit.error().code() != Errc::kCorruption) return std::move(unit).error();
    if (!unit) return files_.segments[file].base.value() + static_cast<int64_t>(position);
    position += unit->encoded_bytes();
  }
}

Result<int64_t> ConsumeQueueExt::max_address() const {
  int64_t end = files_.min_offset().value();
  for (size_t file = 0; file < open_.size(); ++file) {
    Result<int64_t> found = end_of_units(file);
    if (!found) return found;
    if (*found == files_.segments[file].base.value()) break;  // laid out and empty
    end = *found;
  }
  return extension_address(end);
}

}  // namespace mqctl
