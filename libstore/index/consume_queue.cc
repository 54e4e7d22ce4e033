#include "libstore/index/consume_queue.h"

#include <algorithm>
#include <array>

namespace mqctl {
namespace {

constexpr auto kUnit = static_cast<int64_t>(ConsumeQueueUnit::kEncodedBytes);

uint64_t whole_units(uint64_t bytes) {
  const uint64_t unit = ConsumeQueueUnit::kEncodedBytes;
  return (bytes + unit - 1) / unit * unit;
}

// The first of the file's units that is not valid, as a byte position.
uint64_t valid_prefix(const MappedFile& file) {
  const Bytes bytes = file.whole();
  uint64_t position = 0;
  while (position < bytes.size() && ConsumeQueueUnit::load(bytes.data() + position).valid()) {
    position += ConsumeQueueUnit::kEncodedBytes;
  }
  return position;
}

}  // namespace

ConsumeQueue::ConsumeQueue(FileSystem& fs, std::string topic, QueueId queue_id, const std::string& directory,
                           uint64_t segment_bytes)
    : topic_(std::move(topic)),
      queue_id_(queue_id),
      files_(fs, {.directories = {directory},
                  .read_only_directories = {},
                  .file_bytes = whole_units(segment_bytes),
                  .blocks = Blocks::kAhead}) {}

Status ConsumeQueue::recover() {
  if (files_.first() == nullptr) return {};
  constexpr int64_t kTrusted = 3;
  const auto bytes = static_cast<int64_t>(files_.file_bytes());
  int64_t end = std::max(files_.min_offset(), files_.last()->first_offset() - (kTrusted - 1) * bytes);
  for (MappedFile* file = files_.find(end); file != nullptr; file = files_.next(*file)) {
    const uint64_t valid = valid_prefix(*file);
    end = file->first_offset() + static_cast<int64_t>(valid);
    if (valid < file->size()) break;
  }
  if (Status status = files_.truncate(end); !status.ok()) return status;
  if (MappedFile* last = files_.last(); last->wrote_position() == 0 && files_.file_count() == 1) {
    if (Status status = files_.destroy(); !status.ok()) return status;
  }
  min_byte_.store(files_.min_offset(), std::memory_order_release);
  max_physical_offset_.store(0, std::memory_order_relaxed);
  if (const std::optional<ConsumeQueueUnit> last = last_unit()) {
    max_physical_offset_.store(last->physical_offset.value() + last->size, std::memory_order_relaxed);
  }
  return {};
}

Status ConsumeQueue::put(const DispatchRequest& request) {
  const int64_t record_end = request.physical_offset.value() + request.size;
  if (record_end <= max_physical_offset_.load(std::memory_order_relaxed)) return {};
  const int64_t expected = request.queue_offset.value() * kUnit;
  if (empty() && expected > files_.max_offset()) {
    if (Status status = initialize_with_offset(request.queue_offset); !status.ok()) return status;
  }
  const int64_t current = files_.max_offset();
  if (expected < current) return {};
  if (expected > current) {
    return Status::error(Errc::kCorruption, "consume queue " + topic_ + "/" + std::to_string(queue_id_.value()) +
                                                " ends at " + std::to_string(current / kUnit) +
                                                " and the log goes on with queue offset " +
                                                std::to_string(request.queue_offset.value()));
  }
  if (Status status = append({request.physical_offset, request.size, request.tags_code}, expected); !status.ok()) {
    return status;
  }
  max_physical_offset_.store(record_end, std::memory_order_relaxed);
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
  const int64_t expected = offset.value() * kUnit;
  const auto bytes = static_cast<int64_t>(files_.file_bytes());
  if (files_.first() != nullptr) {  // of another beginning, and empty
    if (Status status = files_.destroy(); !status.ok()) return status;
  }
  if (Status status = fill_pre_blanks(expected - expected % bytes, expected); !status.ok()) return status;
  min_byte_.store(expected, std::memory_order_release);
  return {};
}

Status ConsumeQueue::fill_pre_blanks(int64_t start, int64_t end) {
  for (int64_t at = start; at < end; at += kUnit) {
    if (Status status = append(kPreBlankUnit, start); !status.ok()) return status;
  }
  // An offset at the very start of a segment needs the segment, so that the queue begins there.
  if (start == end) {
    Result<MappedFile*> file = files_.writable(start);
    if (!file) return std::move(file).error();
  }
  return {};
}

Status ConsumeQueue::truncate(PhysicalOffset log_end) {
  if (max_physical_offset() <= log_end) return {};
  int64_t end = files_.max_offset();
  while (end > files_.min_offset() && unit_at(end - kUnit).physical_offset >= log_end) end -= kUnit;
  if (Status status = files_.truncate(end); !status.ok()) return status;
  return recover();
}

void ConsumeQueue::correct_min_offset(PhysicalOffset log_min) {
  const int64_t end = files_.max_offset();
  const int64_t start = std::max(min_byte_.load(std::memory_order_relaxed), files_.min_offset());
  int64_t low = start / kUnit, high = end / kUnit;
  while (low < high) {
    const int64_t middle = low + (high - low) / 2;
    const ConsumeQueueUnit unit = unit_at(middle * kUnit);
    if (unit.pre_blank() || unit.physical_offset < log_min) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  min_byte_.store(low * kUnit, std::memory_order_release);
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
