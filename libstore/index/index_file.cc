#include "libstore/index/index_file.h"

#include <algorithm>
#include <cstring>

namespace mqctl {
namespace {

constexpr uint64_t kAllocateAheadBytes = 1u << 20;

// Both may say anything.
int32_t seconds_since(EpochMs begin, EpochMs stored) {
  if (begin.value() <= 0 || stored <= begin) return 0;
  return static_cast<int32_t>(std::min<int64_t>((stored - begin) / 1000, INT32_MAX));
}

bool times_overlap(const IndexHeader& header, EpochMs begin, EpochMs end) {
  return begin <= header.end_timestamp && end >= header.begin_timestamp;
}

}  // namespace

Result<std::unique_ptr<IndexFile>> IndexFile::create(FileSystem& fs, const std::string& path, IndexGeometry geometry,
                                                     const IndexHeader* before) {
  Result<std::unique_ptr<File>> file = fs.open(path, OpenMode::kCreateExclusive);
  if (!file) return std::move(file).error();
  std::unique_ptr<IndexFile> made(new IndexFile(path, geometry));
  Status status = (*file)->resize(geometry.file_bytes());
  if (status.ok()) status = made->map(std::move(*file));
  if (status.ok()) status = made->flush();  // its size: the next start would not know what to do with a short one
  if (!status.ok()) {
    (void)fs.remove(path);  // the first error is the one to tell
    return status;
  }
  IndexHeader header;
  if (before != nullptr) {
    header.begin_timestamp = header.end_timestamp = before->end_timestamp;
    header.begin_offset = header.end_offset = before->end_offset;
  }
  header.store(made->data());
  if (Status synced = fs.sync_directory(parent_path(path)); !synced.ok()) return synced;
  return made;
}

Result<std::unique_ptr<IndexFile>> IndexFile::open(FileSystem& fs, const std::string& path, IndexGeometry geometry) {
  Result<std::unique_ptr<File>> file = fs.open(path, OpenMode::kReadWrite);
  if (!file) return std::move(file).error();
  Result<uint64_t> size = (*file)->size();
  if (!size) return std::move(size).error();
  if (*size < geometry.file_bytes()) {  // as Apache does
    if (Status status = (*file)->resize(geometry.file_bytes()); !status.ok()) return status;
  }
  std::unique_ptr<IndexFile> opened(new IndexFile(path, geometry));
  if (Status status = opened->map(std::move(*file)); !status.ok()) return status;
  const int32_t count = opened->header().index_count;
  if (count > static_cast<int32_t>(geometry.entries)) {
    return Status::error(Errc::kCorruption, "its header counts " + std::to_string(count) + " entries of " +
                                                std::to_string(geometry.entries))
        .at(path, 36);
  }
  return opened;
}

Status IndexFile::map(std::unique_ptr<File> file) {
  const uint64_t slots_end = geometry_.entry_at(0);
  if (Status status = file->allocate(0, slots_end); !status.ok()) return status;
  allocated_end_ = slots_end;
  Result<std::unique_ptr<MappedRegion>> region = file->map(MapMode::kReadWrite, geometry_.file_bytes());
  if (!region) return std::move(region).error();
  file_ = std::move(file);
  region_ = std::move(*region);
  return {};
}

Status IndexFile::reserve_entry(int32_t number) {
  const uint64_t start = geometry_.entry_at(static_cast<uint32_t>(number));
  const uint64_t end = start + IndexEntry::kEncodedBytes;
  if (end <= allocated_end_) return {};
  const uint64_t ahead = std::min(geometry_.file_bytes(), end + kAllocateAheadBytes);
  if (Status status = file_->allocate(start, ahead - start); !status.ok()) return status;
  allocated_end_ = ahead;
  return {};
}

Status IndexFile::put_key(int32_t key_hash, PhysicalOffset offset, EpochMs stored) {
  IndexHeader header = this->header();
  if (Status status = reserve_entry(header.index_count); !status.ok()) return status;
  std::byte* const slot_place = slot(key_hash);
  auto previous = load_be<int32_t>(slot_place);
  // Its own number: a writer died between slot and header. (Apache makes that entry its own predecessor.)
  if (previous <= 0 || previous >= header.index_count) previous = 0;

  IndexEntry fresh;
  fresh.key_hash = key_hash;
  fresh.physical_offset = offset;
  fresh.seconds = seconds_since(header.begin_timestamp, stored);
  fresh.previous = previous;
  fresh.store(entry(header.index_count));
  store_be(slot_place, header.index_count);

  if (header.index_count <= 1) {
    header.begin_offset = offset;
    header.begin_timestamp = stored;
  }
  if (previous == 0) ++header.slot_count;
  ++header.index_count;
  header.end_offset = offset;
  header.end_timestamp = stored;
  header.store(data());
  return {};
}

Status IndexFile::flush() {
  MutexLock lock(flush_mutex_);
  if (flush_failure_.ok()) flush_failure_ = file_->sync();
  return flush_failure_;
}

void IndexFile::drop_entries_from(PhysicalOffset offset) {
  IndexHeader header = this->header();
  for (; header.index_count > 1; --header.index_count) {
    std::byte* const place = entry(header.index_count - 1);
    const IndexEntry newest = IndexEntry::load(place);
    if (newest.physical_offset < offset) break;
    store_be(slot(newest.key_hash), newest.previous);
    if (newest.previous == 0) --header.slot_count;
    std::memset(place, 0, IndexEntry::kEncodedBytes);
  }
  header.end_offset =
      header.index_count > 1 ? IndexEntry::load(entry(header.index_count - 1)).physical_offset : PhysicalOffset(0);
  header.store(data());
}

bool IndexFile::go_back_to(const IndexHeader& known) {
  if (!was_once(known)) return false;
  hang_again(known.index_count);
  known.store(data());
  return true;
}

bool IndexFile::was_once(const IndexHeader& known) const {
  if (known.index_count < 1 || known.index_count > header().index_count) return false;
  if (known.index_count == 1) return true;
  return IndexEntry::load(entry(1)).physical_offset == known.begin_offset &&
         IndexEntry::load(entry(known.index_count - 1)).physical_offset == known.end_offset;
}

// A slot on disk is as it was at that count, or newer: the newest entry below the count whose slot is newer was in it.
void IndexFile::hang_again(int32_t index_count) {
  const auto newer = [&](const std::byte* place) { return load_be<int32_t>(place) >= index_count; };
  for (int32_t number = index_count - 1; number >= 1; --number) {
    std::byte* const place = slot(IndexEntry::load(entry(number)).key_hash);
    if (newer(place)) store_be(place, number);
  }
  for (uint32_t i = 0; i < geometry_.slots; ++i) {
    std::byte* const place = data() + geometry_.slot_at(i);
    if (newer(place)) store_be(place, int32_t{0});
  }
}

int32_t IndexFile::trailing_entries_of(PhysicalOffset offset) const {
  const int32_t newest = header().index_count - 1;
  int32_t number = newest;
  while (number > 0 && IndexEntry::load(entry(number)).physical_offset == offset) --number;
  return newest - number;
}

void IndexFile::query(int32_t key_hash, EpochMs begin, EpochMs end, size_t max,
                      std::vector<PhysicalOffset>& found) const {
  const IndexHeader header = this->header();
  if (!times_overlap(header, begin, end)) return;
  // Whatever stands there, some seconds more are a time.
  const EpochMs first = std::clamp(header.begin_timestamp, EpochMs(INT64_MIN / 2), EpochMs(INT64_MAX / 2));
  auto number = load_be<int32_t>(slot(key_hash));
  while (number > 0 && number < header.index_count && found.size() < max) {
    const IndexEntry candidate = IndexEntry::load(entry(number));
    if (candidate.seconds < 0) return;
    // The first entry of a file that follows another counts its seconds from that one's end; its time is the header's.
    const int64_t since_begin = number == 1 ? 0 : int64_t{candidate.seconds} * 1000;
    const EpochMs time = first + since_begin;
    if (candidate.key_hash == key_hash && time + 999 >= begin && time <= end)
      found.push_back(candidate.physical_offset);
    if (candidate.previous >= number) return;
    number = candidate.previous;
  }
}

}  // namespace mqctl
