#include "libstore/index/index_reader.h"

#include <algorithm>
#include <array>

namespace mqctl {
namespace {

constexpr size_t kEntryWindowBytes = 20u << 11;
constexpr size_t kSlotWindowBytes = 4096;

bool names_index_file(const std::string& name) {
  return !name.empty() && name.size() <= 19 && name.find_first_not_of("0123456789") == std::string::npos;
}

// The usual four entries a slot, for a file whose size fits it although its entries do not: its header or slots are
// damaged, or a writer is in the middle of an entry. A writer must not believe that; who looks for damage may.
Result<IndexGeometry> geometry_for_reading(File& file) {
  Result<IndexGeometry> detected = detect_index_geometry(file);
  if (detected || detected.error().code() == Errc::kIoError) return detected;
  Result<uint64_t> size = file.size();
  if (!size) return std::move(size).error();
  constexpr uint64_t kUsualSlotBytes = 4 + 4 * IndexEntry::kEncodedBytes;
  const bool fits = *size > IndexHeader::kEncodedBytes && *size <= UINT32_MAX &&
                    (*size - IndexHeader::kEncodedBytes) % kUsualSlotBytes == 0;
  if (!fits) return detected;
  const auto slots = static_cast<uint32_t>((*size - IndexHeader::kEncodedBytes) / kUsualSlotBytes);
  return IndexGeometry{slots, slots * 4};
}

}  // namespace

Result<IndexListing> list_index_files(FileSystem& fs, const std::string& index_directory) {
  IndexListing listing;
  Result<std::vector<DirectoryEntry>> entries = fs.list(index_directory);
  if (!entries && entries.error().code() == Errc::kNotFound) return listing;
  if (!entries) return std::move(entries).error();
  for (const DirectoryEntry& entry : *entries) {
    const std::string path = join_path(index_directory, entry.name);
    if (entry.kind == FileKind::kRegular && names_index_file(entry.name)) {
      listing.paths.push_back(path);
    } else {
      listing.strays.push_back({path, entry.kind == FileKind::kRegular ? "name is not a time" : "not a regular file"});
    }
  }
  return listing;
}

Result<IndexReader> IndexReader::open(FileSystem& fs, const std::string& path) {
  Result<std::unique_ptr<File>> file = fs.open(path, OpenMode::kRead);
  if (!file) return std::move(file).error();
  Result<IndexGeometry> geometry = geometry_for_reading(**file);
  if (!geometry) return std::move(geometry).error();
  IndexReader reader(std::move(*file), *geometry);
  if (Status status = reader.refresh(); !status.ok()) return status;
  return reader;
}

Result<IndexReader> IndexReader::open(FileSystem& fs, const std::string& path, IndexGeometry geometry) {
  Result<std::unique_ptr<File>> file = fs.open(path, OpenMode::kRead);
  if (!file) return std::move(file).error();
  IndexReader reader(std::move(*file), geometry);
  if (Status status = reader.refresh(); !status.ok()) return status;
  return reader;
}

Status IndexReader::refresh() {
  std::array<std::byte, IndexHeader::kEncodedBytes> bytes{};
  Result<size_t> got = file_->read_at(0, bytes);
  if (!got) return std::move(got).error();
  if (*got < bytes.size()) return Status::error(Errc::kTruncated, "too short for an index header").at(path());
  Result<uint64_t> size = file_->size();
  if (!size) return std::move(size).error();
  size_bytes_ = *size;
  header_ = IndexHeader::load(bytes.data());
  counts_too_many_ = header_.index_count > static_cast<int64_t>(geometry_.entries);
  if (counts_too_many_) header_.index_count = static_cast<int32_t>(geometry_.entries);
  entries_.bytes.clear();
  slots_.bytes.clear();
  return {};
}

Result<Bytes> IndexReader::read(Window& window, uint64_t position, size_t size, size_t window_bytes) {
  const bool inside = position >= window.position && position + size <= window.position + window.bytes.size();
  if (!inside) {
    // Chains run backwards, listings forwards: the window is laid around the place.
    const uint64_t block = position / window_bytes * window_bytes;
    window.position = position + size <= block + window_bytes ? block : position;
    window.bytes.assign(window_bytes, std::byte{0});
    Result<size_t> got = file_->read_at(window.position, window.bytes);
    if (!got) return std::move(got).error();
  }
  return Bytes(window.bytes).subspan(static_cast<size_t>(position - window.position), size);
}

Result<IndexEntry> IndexReader::entry(uint32_t number) {
  Result<Bytes> bytes = read(entries_, geometry_.entry_at(number), IndexEntry::kEncodedBytes, kEntryWindowBytes);
  if (!bytes) return std::move(bytes).error();
  return IndexEntry::load(bytes->data());
}

Result<int32_t> IndexReader::slot(uint32_t slot) {
  Result<Bytes> bytes = read(slots_, geometry_.slot_at(slot), 4, kSlotWindowBytes);
  if (!bytes) return std::move(bytes).error();
  return load_be<int32_t>(bytes->data());
}

bool IndexReader::time_matches(EpochMs begin, EpochMs end) const {
  const EpochMs first = header_.begin_timestamp, last = header_.end_timestamp;
  return (begin < first && end > last) || (begin >= first && begin <= last) || (end >= first && end <= last);
}

Status IndexReader::select(int32_t key_hash, EpochMs begin, EpochMs end, size_t max,
                           std::vector<PhysicalOffset>& found) {
  if (!time_matches(begin, end)) return {};
  Result<int32_t> newest = slot(static_cast<uint32_t>(key_hash) % geometry_.slots);
  if (!newest) return std::move(newest).error();
  int32_t number = *newest;
  while (number > 0 && number < header_.index_count && found.size() < max) {
    Result<IndexEntry> entry = this->entry(static_cast<uint32_t>(number));
    if (!entry) return std::move(entry).error();
    if (entry->seconds < 0) break;
    const int64_t since_begin = int64_t{entry->seconds} * 1000;
    if (header_.begin_timestamp.value() > INT64_MAX - since_begin) break;
    const EpochMs stored = header_.begin_timestamp + since_begin;
    if (entry->key_hash == key_hash && stored >= begin && stored <= end) found.push_back(entry->physical_offset);
    // A chain leads to older entries only, so it cannot go round (Apache stops at itself alone).
    if (entry->previous >= number || stored < begin) break;
    number = entry->previous;
  }
  return {};
}

Result<std::vector<PhysicalOffset>> query_index(FileSystem& fs, const std::string& index_directory,
                                                const IndexQuery& query) {
  Result<IndexListing> listing = list_index_files(fs, index_directory);
  if (!listing) return std::move(listing).error();
  const int32_t hash = index_key_hash(query.topic, query.key);
  std::vector<PhysicalOffset> found;
  for (auto path = listing->paths.rbegin(); path != listing->paths.rend() && found.size() < query.max; ++path) {
    Result<IndexReader> reader = IndexReader::open(fs, *path);
    if (!reader && reader.error().code() == Errc::kIoError) return std::move(reader).error();
    if (!reader) continue;
    Status status = reader->select(hash, query.begin, query.end, query.max, found);
    if (!status.ok()) return status;
    if (reader->header().begin_timestamp < query.begin) break;
  }
  return found;
}

}  // namespace mqctl
