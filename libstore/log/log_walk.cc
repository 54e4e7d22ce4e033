#include "libstore/log/log_walk.h"

#include <cstring>

namespace mqctl {
namespace {

Bytes bytes_from(const MappedFile& file, PhysicalOffset offset) {
  return file.whole().subspan(static_cast<size_t>(offset.value() - file.first_offset()));
}

RecordStatus parse_at(const MappedFile& file, PhysicalOffset offset, CrcCheck check, MessageView& view) {
  return parse_record(bytes_from(file, offset), check, view);
}

bool sound(RecordStatus status, const MessageView& view, PhysicalOffset offset) {
  return status == RecordStatus::kRecord && view.physical_offset == offset;
}

std::string why_not_sound(RecordStatus status) {
  return status == RecordStatus::kRecord ? "a record with another physical offset" : std::string(describe(status));
}

// The next place in the bytes that could be a record: three bytes that both magic codes share, at their place.
std::optional<size_t> next_candidate(Bytes bytes, size_t from) {
  constexpr char kCommonMagic[] = {'\xDA', '\xA3', '\x20'};
  if (from + RecordLayout::kMinBytes > bytes.size()) return std::nullopt;
  const std::byte* start = bytes.data() + from + RecordLayout::kMagicAt;
  const void* found = memmem(start, bytes.size() - from - RecordLayout::kMagicAt, kCommonMagic, sizeof kCommonMagic);
  if (found == nullptr) return std::nullopt;
  return static_cast<size_t>(static_cast<const std::byte*>(found) - bytes.data()) - RecordLayout::kMagicAt;
}

std::optional<PhysicalOffset> find_in_file(MappedFile& file, uint64_t position) {
  const Bytes bytes = file.whole();
  while (true) {
    position = file.next_data(position);
    const std::optional<size_t> candidate = next_candidate(bytes, position);
    if (!candidate) return std::nullopt;
    const PhysicalOffset offset(file.first_offset() + static_cast<int64_t>(*candidate));
    MessageView view;
    if (sound(parse_at(file, offset, CrcCheck::kBody, view), view, offset)) return offset;
    position = *candidate + 1;
  }
}

}  // namespace

Result<LogWalk> walk_log(const MappedFileQueue& files, PhysicalOffset from, CrcCheck check,
                         const RecordVisitor& visit) {
  LogWalk walk;
  walk.end = from;
  MappedFile* file = files.find(from.value());
  while (file != nullptr) {
    MessageView view;
    const RecordStatus status = parse_at(*file, walk.end, check, view);
    if (sound(status, view, walk.end)) {
      if (Status visited = visit(view); !visited.ok()) return visited;
      ++walk.records;
      walk.end += static_cast<int64_t>(view.record.size());
      continue;
    }
    MappedFile* next = files.next(*file);
    if (status == RecordStatus::kBlank && next != nullptr) {
      walk.end = PhysicalOffset(next->first_offset());
      file = next;
      continue;
    }
    if (status != RecordStatus::kEmpty && status != RecordStatus::kBlank) walk.stopped_by = why_not_sound(status);
    break;
  }
  return walk;
}

std::optional<MessageView> sound_record(const MappedFileQueue& files, PhysicalOffset offset, CrcCheck check) {
  const MappedFile* file = files.find(offset.value());
  if (file == nullptr) return std::nullopt;
  MessageView view;
  if (!sound(parse_at(*file, offset, check, view), view, offset)) return std::nullopt;
  return view;
}

std::optional<PhysicalOffset> find_sound_record(const MappedFileQueue& files, PhysicalOffset from) {
  MappedFile* file = files.find(from.value());
  uint64_t position = file == nullptr ? 0 : static_cast<uint64_t>(from.value() - file->first_offset());
  for (; file != nullptr; file = files.next(*file), position = 0) {
    if (std::optional<PhysicalOffset> found = find_in_file(*file, position)) return found;
  }
  return std::nullopt;
}

uint64_t count_sound_records(const MappedFileQueue& files, PhysicalOffset from) {
  uint64_t count = 0;
  const RecordVisitor nothing = [](const MessageView&) { return Status(); };
  while (const std::optional<PhysicalOffset> start = find_sound_record(files, from)) {
    const Result<LogWalk> walk = walk_log(files, *start, CrcCheck::kBody, nothing);
    if (!walk) break;
    count += walk->records;
    from = walk->end;
  }
  return count;
}

}  // namespace mqctl
