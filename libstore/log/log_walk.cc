#include "libstore/log/log_walk.h"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <thread>
#include <vector>

namespace mqctl {
namespace {

Bytes bytes_from(const MappedFile& file, PhysicalOffset offset) {
  return file.whole().subspan(static_cast<size_t>(offset.value() - file.first_offset()));
}

RecordStatus parse_at(const MappedFile& file, PhysicalOffset offset, CrcCheck check, MessageView& view) {
  return parse_record(bytes_from(file, offset), check, view);
}

// No CRC covers the topic: a power cut that took its page leaves zeros, and a record that no queue can number.
bool has_topic(const MessageView& view) {
  return !view.topic.empty() && view.topic.find('\0') == std::string_view::npos;
}

bool sound(RecordStatus status, const MessageView& view, PhysicalOffset offset) {
  return status == RecordStatus::kRecord && view.physical_offset == offset && has_topic(view);
}

std::string why_not_sound(RecordStatus status, const MessageView& view) {
  if (status != RecordStatus::kRecord) return std::string(describe(status));
  return has_topic(view) ? "a record with another physical offset" : "a record without a topic";
}

// Three bytes that both magic codes share, at their place.
constexpr char kCommonMagic[] = {'\xDA', '\xA3', '\x20'};
constexpr uint64_t kCandidateBytes = RecordLayout::kMagicAt + sizeof kCommonMagic;

// The first place from `from` on that could be a record's, all of its candidate's bytes before `stop`.
std::optional<uint64_t> next_candidate(Bytes bytes, uint64_t from, uint64_t stop) {
  if (from + kCandidateBytes > stop || from + RecordLayout::kMinBytes > bytes.size()) return std::nullopt;
  const std::byte* start = bytes.data() + from + RecordLayout::kMagicAt;
  const void* found = memmem(start, stop - from - RecordLayout::kMagicAt, kCommonMagic, sizeof kCommonMagic);
  if (found == nullptr) return std::nullopt;
  return static_cast<uint64_t>(static_cast<const std::byte*>(found) - bytes.data()) - RecordLayout::kMagicAt;
}

// Nothing of a hole is looked at: on a file system in memory that takes a page of it, and is fatal where it is full.
std::optional<PhysicalOffset> find_in_file(MappedFile& file, uint64_t from) {
  std::optional<PhysicalOffset> found;
  uint64_t seen = from;
  file.visit_data(from, [&](FileRange piece) {
    const bool goes_on = piece.begin == seen && seen - from >= kCandidateBytes;
    std::optional<uint64_t> candidate = goes_on ? piece.begin - kCandidateBytes + 1 : piece.begin;
    seen = piece.end;
    while (!found && (candidate = next_candidate(file.whole(), *candidate, piece.end))) {
      const PhysicalOffset offset(file.first_offset() + static_cast<int64_t>(*candidate));
      MessageView view;
      if (sound(parse_at(file, offset, CrcCheck::kBody, view), view, offset)) found = offset;
      ++*candidate;
    }
    return !found;
  });
  return found;
}

}  // namespace

namespace {

// One file from the offset on: up to its blank where another file follows, else to what ends the log.
struct FileWalk {
  LogWalk walk;
  bool goes_on = false;
};

template <typename Visit>
Result<FileWalk> walk_file(const MappedFileQueue& files, MappedFile& file, PhysicalOffset from, CrcCheck check,
                           const Visit& visit) {
  FileWalk done;
  LogWalk& walk = done.walk;
  walk.end = from;
  MessageView view;
  RecordStatus status = parse_at(file, walk.end, check, view);
  for (; sound(status, view, walk.end); status = parse_at(file, walk.end, check, view)) {
    if (Status visited = visit(view); !visited.ok()) return visited;
    ++walk.records;
    walk.end += static_cast<int64_t>(view.record.size());
  }
  const MappedFile* next = files.next(file);
  done.goes_on = status == RecordStatus::kBlank && next != nullptr;
  if (done.goes_on) {
    walk.end = PhysicalOffset(next->first_offset());
  } else if (status == RecordStatus::kBlank) {
    walk.at_blank = true;
  } else if (status != RecordStatus::kEmpty) {
    walk.stopped_by = why_not_sound(status, view);
  }
  return done;
}

void add(LogWalk& walk, LogWalk file) {
  walk.end = file.end;
  walk.records += file.records;
  walk.stopped_by = std::move(file.stopped_by);
  walk.at_blank = file.at_blank;
}

}  // namespace

Result<LogWalk> walk_log(const MappedFileQueue& files, PhysicalOffset from, CrcCheck check,
                         const RecordVisitor& visit) {
  LogWalk walk;
  walk.end = from;
  bool goes_on = true;
  while (goes_on) {
    MappedFile* const file = files.find(walk.end.value());
    if (file == nullptr) break;
    Result<FileWalk> done = walk_file(files, *file, walk.end, check, visit);
    if (!done) return std::move(done).error();
    goes_on = done->goes_on;
    add(walk, std::move(done->walk));
  }
  return walk;
}

// Each file begins with a record: they are checked side by side, and what counts is put together in their order.
LogWalk check_log(const MappedFileQueue& files, PhysicalOffset from, unsigned threads) {
  std::vector<MappedFile*> parts;
  for (MappedFile* file = files.find(from.value()); file != nullptr; file = files.next(*file)) parts.push_back(file);
  std::vector<FileWalk> walks(parts.size());
  std::atomic<size_t> next{0}, stop_at{parts.size()};
  const auto work = [&] {
    for (size_t i = next++; i < parts.size() && i <= stop_at.load(std::memory_order_relaxed); i = next++) {
      const PhysicalOffset start = i == 0 ? from : PhysicalOffset(parts[i]->first_offset());
      walks[i] = *walk_file(files, *parts[i], start, CrcCheck::kBody, [](const MessageView&) { return Status(); });
      if (!walks[i].goes_on) stop_at.store(std::min(i, stop_at.load()));  // what lies behind need not be looked at
    }
  };
  std::vector<std::thread> helpers;
  for (size_t i = 1; i < std::min<size_t>(threads, parts.size()); ++i) helpers.emplace_back(work);
  work();
  for (std::thread& helper : helpers) helper.join();

  LogWalk walk;
  walk.end = from;
  for (FileWalk& file : walks) {
    add(walk, std::move(file.walk));
    if (!file.goes_on) break;
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
