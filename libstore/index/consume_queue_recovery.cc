// What recovery asks of a queue and does to it: where its units end, and which of them go.
#include <algorithm>

#include "libstore/index/consume_queue.h"

namespace mqctl {
namespace {

constexpr auto kUnit = static_cast<int64_t>(ConsumeQueueUnit::kEncodedBytes);

// The first of the file's units that is not valid, as a byte position.
uint64_t valid_prefix(const MappedFile& file) {
  const Bytes bytes = file.whole();
  uint64_t position = 0;
  while (position < bytes.size() && ConsumeQueueUnit::load(bytes.data() + position).valid()) {
    position += ConsumeQueueUnit::kEncodedBytes;
  }
  return position;
}

// A damaged unit can name any offset.
int64_t record_end(const ConsumeQueueUnit& unit) {
  const int64_t start = unit.physical_offset.value();
  return start > INT64_MAX - unit.size ? INT64_MAX : start + unit.size;
}

bool ends_within(const ConsumeQueueUnit& unit, PhysicalOffset log_end) {
  return unit.pre_blank() || (unit.valid() && record_end(unit) <= log_end.value());
}

}  // namespace

Status ConsumeQueue::recover() {
  if (files_.first() == nullptr) return {};
  if (Status status = cut(valid_end_ ? *valid_end_ : end_of_valid_units()); !status.ok()) return status;
  min_byte_.store(files_.min_offset(), std::memory_order_release);
  correct_min_offset(PhysicalOffset(0));  // filler at the beginning is not part of the queue
  return {};
}

std::optional<PhysicalOffset> ConsumeQueue::damaged_from(PhysicalOffset surely) {
  if (files_.first() == nullptr) return std::nullopt;
  valid_end_ = end_of_valid_units();
  return units_behind(*valid_end_, surely) ? std::optional(record_end_before(*valid_end_)) : std::nullopt;
}

// After a clean stop anything there is what was a unit.
bool ConsumeQueue::units_behind(int64_t byte_offset, PhysicalOffset surely) {
  const auto bytes = static_cast<int64_t>(files_.data_bytes_behind(byte_offset));
  if (bytes == 0 || surely == PhysicalOffset(INT64_MAX)) return bytes > 0;
  for (int64_t at = byte_offset; at < byte_offset + bytes; at += kUnit) {
    const ConsumeQueueUnit unit = unit_at(at);
    if (unit.valid() && !unit.pre_blank() && record_end(unit) <= surely.value()) return true;
  }
  return false;
}

// The unit before those that do not fit goes with them: where two contradict each other, either may be the wrong one.
std::optional<PhysicalOffset> ConsumeQueue::misfits_from(PhysicalOffset log_end) {
  const int64_t end = end_of_fitting(log_end);
  if (end == files_.max_offset()) return std::nullopt;
  wanted_end_ = std::max(files_.min_offset(), end - kUnit);
  return record_end_before(wanted_end_);
}

PhysicalOffset ConsumeQueue::record_end_before(int64_t byte_offset) const {
  const ConsumeQueueUnit unit = byte_offset > files_.min_offset() ? unit_at(byte_offset - kUnit) : ConsumeQueueUnit();
  return PhysicalOffset(unit.valid() && !unit.pre_blank() ? record_end(unit) : 0);
}

int64_t ConsumeQueue::end_of_valid_units() const {
  constexpr int64_t kUntrusted = 3;
  const auto bytes = static_cast<int64_t>(files_.file_bytes());
  const int64_t first = files_.min_offset();
  int64_t end = std::max(first, files_.last()->first_offset() - (kUntrusted - 1) * bytes);
  while (end > first && valid_prefix(*files_.find(end)) == 0) end -= bytes;
  for (const MappedFile* file = files_.find(end); file != nullptr; file = files_.next(*file)) {
    const uint64_t valid = valid_prefix(*file);
    end = file->first_offset() + static_cast<int64_t>(valid);
    if (valid < file->size()) break;
  }
  return end;
}

Status ConsumeQueue::cut(int64_t end) {
  if (Status status = files_.truncate(end); !status.ok()) return status;
  if (files_.first() != nullptr && empty()) {
    if (Status status = files_.destroy(); !status.ok()) return status;
  }
  const std::optional<ConsumeQueueUnit> last = last_unit();
  max_physical_offset_.store(last ? record_end(*last) : 0, std::memory_order_relaxed);
  const int64_t min = std::min(min_byte_.load(std::memory_order_relaxed), files_.max_offset());
  min_byte_.store(min, std::memory_order_release);
  return {};
}

Status ConsumeQueue::truncate(PhysicalOffset log_end) {
  const int64_t end = std::min(end_of_fitting(log_end), wanted_end_);
  return end == files_.max_offset() ? Status() : cut(end);
}

Status ConsumeQueue::truncate(PhysicalOffset surely, PhysicalOffset log_end, const UnitCheck& keep) {
  int64_t end = end_of_fitting(surely);
  doubtful_byte_ = end;
  while (end < files_.max_offset() && last_fits(end + kUnit, log_end) && keep(unit_at(end))) end += kUnit;
  return end == files_.max_offset() ? Status() : cut(end);
}

int64_t ConsumeQueue::end_of_fitting(PhysicalOffset log_end) const {
  int64_t end = files_.max_offset();
  while (end > files_.min_offset() && !last_fits(end, log_end)) end -= kUnit;
  return end;
}

bool ConsumeQueue::last_fits(int64_t end, PhysicalOffset log_end) const {
  const ConsumeQueueUnit last = unit_at(end - kUnit);
  if (!ends_within(last, log_end)) return false;
  if (last.pre_blank() || end - kUnit == files_.min_offset()) return true;
  // A unit on two pages of which one was lost has an offset that is too small, often 0.
  const ConsumeQueueUnit before = unit_at(end - 2 * kUnit);
  if (before.pre_blank()) return last.physical_offset.value() > 0;
  return before.valid() && record_end(before) <= last.physical_offset.value();
}

}  // namespace mqctl
