#include "libstore/index/consume_queue.h"

#include <algorithm>

namespace mqctl {
namespace {

constexpr auto kUnit = static_cast<int64_t>(ConsumeQueueUnit::kEncodedBytes);

constexpr int64_t kLargestQueueOffset = INT64_MAX / kUnit / 2;  // its segment ends within 63 bits too

uint64_t whole_units(uint64_t bytes) {
  const uint64_t unit = ConsumeQueueUnit::kEncodedBytes;
  return (bytes + unit - 1) / unit * unit;
}

// In order: first those of which it is true, then the others.
template <class Predicate>
int64_t first_that_is_not(const Predicate& predicate, int64_t low, int64_t high) {
  while (low < high) {
    const int64_t middle = low + (high - low) / 2;
    if (predicate(middle)) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

}  // namespace

ConsumeQueue::ConsumeQueue(FileSystem& fs, std::string topic, QueueId queue_id, const std::string& directory,
                           uint64_t segment_bytes, std::string ext_directory)
    : topic_(std::move(topic)),
      queue_id_(queue_id),
      files_(fs, {.directories = {directory},
                  .read_only_directories = {},
                  .file_bytes = whole_units(segment_bytes),
                  .blocks = Blocks::kAhead}),
      fs_(fs),
      ext_directory_(std::move(ext_directory)) {}

Status ConsumeQueue::load() {
  const Result<bool> extended = ext_directory_.empty() ? Result<bool>(false) : exists(fs_, ext_directory_);
  if (!extended) return extended.error();
  if (*extended) {
    Result<ConsumeQueueExt> ext = ConsumeQueueExt::open(fs_, ext_directory_);
    if (!ext) return std::move(ext).error();
    ext_ = std::make_unique<ConsumeQueueExt>(std::move(*ext));
  }
  if (Status status = files_.load(); !status.ok()) return status;
  const MappedFile* const first = files_.first();
  if (first == nullptr || first->first_offset() % static_cast<int64_t>(ConsumeQueueUnit::kEncodedBytes) == 0) return {};
  return Status::error(Errc::kCorruption, "its name is no place of a unit").at(first->path());
}

Status ConsumeQueue::refuse(const DispatchRequest& request, const std::string& why) const {
  return Status::error(Errc::kCorruption, "consume queue " + name() + ": the record at commit-log offset " +
                                              std::to_string(request.physical_offset.value()) + " " + why);
}

Status ConsumeQueue::refuse_gap(const DispatchRequest& request) const {
  return refuse(request, "goes on with queue offset " + std::to_string(request.queue_offset.value()) +
                             " where the queue ends at " + std::to_string(max_offset().value()));
}

Status ConsumeQueue::put(const DispatchRequest& request, Beginning beginning) {
  const int64_t end = request.physical_offset.value() + request.size;
  if (end <= max_physical_offset_.load(std::memory_order_relaxed)) return {};
  if (request.queue_offset.value() < 0 || request.queue_offset.value() > kLargestQueueOffset) {
    return refuse(request, "names queue offset " + std::to_string(request.queue_offset.value()));
  }
  const int64_t expected = request.queue_offset.value() * kUnit;
  const int64_t current = files_.max_offset();
  if (expected < current) return {};
  if (expected > current) {
    // Where no unit can be read any more the records between went with their segments, before a power cut took their
    // units.
    const bool readable = last_unit() && min_offset() < max_offset();
    const bool begins = !readable && beginning == Beginning::kAnywhere;
    if (Status status = begins ? begin_at(expected) : refuse_gap(request); !status.ok()) return status;
  }
  if (Status status = append({request.physical_offset, request.size, request.tags_code}, expected); !status.ok()) {
    return status;
  }
  max_physical_offset_.store(end, std::memory_order_relaxed);
  return {};
}

Status ConsumeQueue::append(const ConsumeQueueUnit& unit, int64_t expected_byte) {
  Result<MappedFile*> file = files_.writable(expected_byte);
  if (!file) return std::move(file).error();
  if (Status status = (*file)->reserve(ConsumeQueueUnit::kEncodedBytes); !status.ok()) return status;
  unit.store((*file)->write_cursor());
  (*file)->publish(ConsumeQueueUnit::kEncodedBytes);
  return {};
}

Status ConsumeQueue::initialize_with_offset(QueueOffset offset) {
  if (!empty()) return Status::error(Errc::kInvalidArgument, "consume queue " + name() + " has units already");
  const int64_t end = offset.value() * kUnit;
  if (Status status = files_.destroy(); !status.ok()) return status;
  // Where the offset is a segment's first, the segment before it is filled instead: one without a unit would be taken
  // for a leftover by recover(), and for a message by a broker.
  const auto bytes = static_cast<int64_t>(files_.file_bytes());
  const int64_t start = (end - (end > 0 ? kUnit : 0)) / bytes * bytes;
  if (Status status = fill_pre_blanks(start, end); !status.ok()) return status;
  min_byte_.store(end, std::memory_order_release);
  return {};
}

// As Apache lays out a queue whose first unit is not number 0; the unit follows at once. What filler there is was left
// by a power cut in the midst of this, or by initialize_with_offset.
Status ConsumeQueue::begin_at(int64_t byte_offset) {
  if (Status status = files_.destroy(); !status.ok()) return status;
  const auto bytes = static_cast<int64_t>(files_.file_bytes());
  const int64_t start = byte_offset / bytes * bytes;
  if (Result<MappedFile*> file = files_.writable(start); !file) return std::move(file).error();
  if (Status status = fill_pre_blanks(start, byte_offset); !status.ok()) return status;
  min_byte_.store(byte_offset, std::memory_order_release);
  return {};
}

Status ConsumeQueue::fill_pre_blanks(int64_t start, int64_t end) {
  for (int64_t at = start; at < end; at += kUnit) {
    if (Status status = append(kPreBlankUnit, start); !status.ok()) return status;
  }
  return {};
}

Status ConsumeQueue::destroy() {
  if (Status status = files_.destroy(); !status.ok()) return status;
  return cut(0);
}

void ConsumeQueue::correct_min_offset(PhysicalOffset log_min) {
  const int64_t start = std::max(min_byte_.load(std::memory_order_relaxed), files_.min_offset()) / kUnit;
  const auto expired = [&](int64_t number) {
    const ConsumeQueueUnit unit = unit_at(number * kUnit);
    return unit.pre_blank() || unit.physical_offset < log_min;
  };
  int64_t min = first_that_is_not(expired, start, files_.max_offset() / kUnit);
  // Where a damaged unit names too early a place, those before it are not to be hidden.
  while (min - start >= 2 && !expired(min - 2)) min = first_that_is_not(expired, start, min - 2);
  min_byte_.store(min * kUnit, std::memory_order_release);
}

Result<int> ConsumeQueue::delete_expired(PhysicalOffset log_min) {
  const auto expired = [&](const MappedFile& file) {
    const ConsumeQueueUnit last = ConsumeQueueUnit::load(file.whole().last(ConsumeQueueUnit::kEncodedBytes).data());
    return last.pre_blank() || last.physical_offset < log_min;
  };
  Result<int> deleted = files_.delete_from_front(expired, INT32_MAX);
  if (deleted) correct_min_offset(log_min);
  return deleted;
}

QueueOffset ConsumeQueue::min_offset() const {
  return QueueOffset(std::max(min_byte_.load(std::memory_order_acquire), files_.min_offset()) / kUnit);
}

QueueOffset ConsumeQueue::max_offset() const { return QueueOffset(files_.max_offset() / kUnit); }

ConsumeQueueUnit ConsumeQueue::unit_at(int64_t byte_offset) const {
  MappedFile* file = files_.find(byte_offset);
  if (file == nullptr || !file->hold()) return {};
  const Bytes bytes = file->published(static_cast<uint64_t>(byte_offset - file->first_offset()));
  const ConsumeQueueUnit unit =
      bytes.size() < ConsumeQueueUnit::kEncodedBytes ? ConsumeQueueUnit() : ConsumeQueueUnit::load(bytes.data());
  file->release();
  return unit;
}

std::optional<ConsumeQueueUnit> ConsumeQueue::unit(QueueOffset offset) const {
  if (offset < min_offset() || offset >= max_offset()) return std::nullopt;
  const ConsumeQueueUnit unit = unit_at(offset.value() * kUnit);
  return unit.valid() ? std::optional(unit) : std::nullopt;
}

HeldBytes ConsumeQueue::units_from(QueueOffset offset) const {
  if (offset < min_offset() || offset >= max_offset()) return {};
  const int64_t byte_offset = offset.value() * kUnit;
  MappedFile* file = files_.find(byte_offset);
  if (file == nullptr || !file->hold()) return {};
  return {file, file->published(static_cast<uint64_t>(byte_offset - file->first_offset()))};
}

std::optional<int64_t> ConsumeQueue::tags_code(const ConsumeQueueUnit& unit) const {
  if (!is_extension_address(unit.tags_code)) return unit.tags_code;
  if (ext_ == nullptr) return std::nullopt;
  const Result<ConsumeQueueExtUnit> extension = ext_->read(unit.tags_code);
  return extension ? std::optional(extension->tags_code) : std::nullopt;
}

std::optional<ConsumeQueueUnit> ConsumeQueue::last_unit() const {
  if (empty()) return std::nullopt;
  const ConsumeQueueUnit unit = unit_at(files_.max_offset() - kUnit);
  return unit.valid() && !unit.pre_blank() ? std::optional(unit) : std::nullopt;
}

PhysicalOffset ConsumeQueue::max_physical_offset() const {
  return PhysicalOffset(max_physical_offset_.load(std::memory_order_relaxed));
}

QueueOffset ConsumeQueue::offset_by_time(EpochMs time, const StoreTime& store_time) const {
  QueueOffset low = min_offset(), high = max_offset();
  while (low < high) {
    const QueueOffset middle = low + (high - low) / 2;
    const std::optional<ConsumeQueueUnit> found = unit(middle);
    const std::optional<EpochMs> stored = found ? store_time(*found) : std::nullopt;
    if (!stored || *stored < time) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

}  // namespace mqctl
