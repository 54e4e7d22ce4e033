#include "libstore/index/index_layout.h"

#include <cstdlib>
#include <optional>
#include <vector>

#include "libstore/base/java_hash.h"

namespace mqctl {
namespace {

int32_t non_negative(int32_t hash) {
  if (hash == INT32_MIN) return 0;
  return std::abs(hash);
}

// Entries looked at to tell one division from another.
constexpr int32_t kWitnesses = 64;

// Reads numbers of a file; positions outside it, and what cannot be read, read as none. The search for a division looks
// at millions of places, one beside the other: entries and slots are taken out of a window each.
class Peek {
 public:
  Peek(File& file, uint64_t size) : file_(file), size_(size) {}
  bool slot(const IndexGeometry& geometry, uint32_t slot, int32_t& value) {
    const std::byte* const from = read(slots_, geometry.slot_at(slot), 4);
    if (from != nullptr) value = load_be<int32_t>(from);
    return from != nullptr;
  }
  bool entry(const IndexGeometry& geometry, int32_t number, IndexEntry& entry) {
    const uint64_t at = geometry.entry_at(static_cast<uint32_t>(number));
    const std::byte* const from = read(entries_, at, IndexEntry::kEncodedBytes);
    if (from != nullptr) entry = IndexEntry::load(from);
    return from != nullptr;
  }
  // The first error of the disk: what was not found may be there.
  const Status& failure() const { return failure_; }

 private:
  struct Window {
    size_t bytes;
    uint64_t begin = 0;
    std::vector<std::byte> data = {};
  };

  const std::byte* read(Window& window, uint64_t at, size_t length) {
    if (at > size_ || length > size_ - at) return nullptr;
    if (at < window.begin || at + length > window.begin + window.data.size()) {
      window.begin = at / window.bytes * window.bytes;
      window.data.resize(window.bytes + IndexEntry::kEncodedBytes);  // what begins in it ends in it
      const Result<size_t> got = file_.read_at(window.begin, window.data);
      if (!got && failure_.ok()) failure_ = got.error();
      window.data.resize(got ? *got : 0);
      if (at + length > window.begin + window.data.size()) return nullptr;
    }
    return window.data.data() + (at - window.begin);
  }

  File& file_;
  const uint64_t size_;
  Status failure_;
  Window slots_{.bytes = 4096}, entries_{.bytes = 1 << 16};
};

// The newest entries must hang in the chain of the slot that their hash says.
bool entries_hang(Peek& peek, const IndexGeometry& geometry, int32_t index_count) {
  for (int32_t number = index_count - 1; number >= 1 && number >= index_count - kWitnesses; --number) {
    IndexEntry entry;
    if (!peek.entry(geometry, number, entry) || entry.key_hash < 0 || entry.previous >= number) return false;
    int32_t newest = 0;
    if (!peek.slot(geometry, static_cast<uint32_t>(entry.key_hash) % geometry.slots, newest)) return false;
    if (newest < number || newest >= index_count) return false;
    if (number == index_count - 1 && newest != number) return false;
  }
  return true;
}

std::optional<IndexGeometry> fitting_geometry(Peek& peek, uint64_t body, int32_t index_count) {
  constexpr uint64_t kUsualSlotBytes = 4 + 4 * 20;
  if (body % kUsualSlotBytes == 0 && body > 0) {
    const auto slots = static_cast<uint32_t>(body / kUsualSlotBytes);
    const IndexGeometry usual{slots, slots * 4};
    if (entries_hang(peek, usual, index_count)) return usual;
  }
  if (index_count <= 1) return std::nullopt;  // nothing in it that could tell
  for (uint64_t slots = 1; 4 * slots < body && peek.failure().ok(); ++slots) {
    if ((body - 4 * slots) % 20 != 0) continue;
    const IndexGeometry candidate{static_cast<uint32_t>(slots), static_cast<uint32_t>((body - 4 * slots) / 20)};
    if (index_count > static_cast<int64_t>(candidate.entries)) break;
    if (entries_hang(peek, candidate, index_count)) return candidate;
  }
  return std::nullopt;
}

}  // namespace

IndexHeader IndexHeader::load(const std::byte* from) {
  IndexHeader header;
  header.begin_timestamp = EpochMs(load_be<int64_t>(from));
  header.end_timestamp = EpochMs(load_be<int64_t>(from + 8));
  header.begin_offset = PhysicalOffset(load_be<int64_t>(from + 16));
  header.end_offset = PhysicalOffset(load_be<int64_t>(from + 24));
  header.slot_count = load_be<int32_t>(from + 32);
  header.index_count = load_be<int32_t>(from + 36);
  if (header.index_count <= 0) header.index_count = 1;
  return header;
}

void IndexHeader::store(std::byte* to) const {
  store_be(to, begin_timestamp.value());
  store_be(to + 8, end_timestamp.value());
  store_be(to + 16, begin_offset.value());
  store_be(to + 24, end_offset.value());
  store_be(to + 32, slot_count);
  store_be(to + 36, index_count);
}

IndexEntry IndexEntry::load(const std::byte* from) {
  return {load_be<int32_t>(from), PhysicalOffset(load_be<int64_t>(from + 4)), load_be<int32_t>(from + 12),
          load_be<int32_t>(from + 16)};
}

void IndexEntry::store(std::byte* to) const {
  store_be(to, key_hash);
  store_be(to + 4, physical_offset.value());
  store_be(to + 12, seconds);
  store_be(to + 16, previous);
}

Result<IndexGeometry> detect_index_geometry(File& file) {
  Result<uint64_t> size = file.size();
  if (!size) return std::move(size).error();
  const auto no_fit = [&](Errc code) {
    return Status::error(code, "no division into slots and entries fits this index file").at(file.path());
  };
  std::byte head[IndexHeader::kEncodedBytes];
  Result<size_t> got = file.read_at(0, head);
  if (!got) return std::move(got).error();
  if (*got < sizeof head) return no_fit(Errc::kCorruption);
  const IndexHeader header = IndexHeader::load(head);
  constexpr uint64_t kMost = INT32_MAX;  // Apache maps it whole, and Java counts a mapping's bytes in an int
  if (*size > kMost) return no_fit(Errc::kCorruption);
  const uint64_t body = *size - sizeof head;
  Peek peek(file, *size);
  const std::optional<IndexGeometry> fitting = fitting_geometry(peek, body, header.index_count);
  if (!peek.failure().ok()) return peek.failure();
  if (fitting) return *fitting;
  const bool empty = header.index_count <= 1;  // it may be sound, and say nothing of its division
  return no_fit(empty ? Errc::kUnsupported : Errc::kCorruption);
}

int32_t index_key_hash(std::string_view topic, std::string_view key) {
  return non_negative(java_string_hash(key, java_string_hash("#", java_string_hash(topic))));
}

int32_t index_tag_hash(std::string_view topic, std::string_view tags) {
  return non_negative(java_string_hash(tags, java_string_hash("#T#", java_string_hash(topic))));
}

}  // namespace mqctl
