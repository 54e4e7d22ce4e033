// The index file: header, hash slots, entries (Apache: IndexFile, IndexHeader; docs/store-format.md).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "libstore/base/bytes.h"
#include "libstore/base/result.h"
#include "libstore/base/types.h"
#include "libstore/os/file_system.h"

namespace mqctl {

struct IndexHeader {
  EpochMs begin_timestamp, end_timestamp;
  PhysicalOffset begin_offset, end_offset;
  int32_t slot_count = 0;   // insertions that found an empty slot
  int32_t index_count = 1;  // number of the next entry; entry 0 is never used
  static constexpr size_t kEncodedBytes = 40;
  static IndexHeader load(const std::byte* from);
  void store(std::byte* to) const;
  bool operator==(const IndexHeader&) const = default;
};

struct IndexEntry {
  int32_t key_hash = 0;
  PhysicalOffset physical_offset;
  int32_t seconds = 0;   // since the file's begin timestamp
  int32_t previous = 0;  // entry number of the same slot, 0: none
  static constexpr size_t kEncodedBytes = 20;
  static IndexEntry load(const std::byte* from);
  void store(std::byte* to) const;
};

// How a file is divided. The file does not say: it is the broker's configuration.
struct IndexGeometry {
  uint32_t slots = 5000000;
  uint32_t entries = 20000000;  // one less can be used
  constexpr uint64_t file_bytes() const { return IndexHeader::kEncodedBytes + 4ull * slots + 20ull * entries; }
  constexpr uint64_t slot_at(uint32_t slot) const { return IndexHeader::kEncodedBytes + 4ull * slot; }
  constexpr uint64_t entry_at(uint32_t number) const { return slot_at(slots) + 20ull * number; }
  bool operator==(const IndexGeometry&) const = default;
};
static_assert(IndexGeometry{}.file_bytes() == 420000040);

// Finds out how an existing file is divided: four entries a slot as by default where that fits its size, otherwise
// the only division under which its entries hang in their slots. kUnsupported where it has no entry that could tell,
// kCorruption where its entries fit none.
Result<IndexGeometry> detect_index_geometry(File& file);

// The hash of a key string: the absolute value of Java's hash, the smallest int counting as 0.
int32_t index_key_hash(std::string_view topic, std::string_view key);   // of topic#key
int32_t index_tag_hash(std::string_view topic, std::string_view tags);  // of topic#T#tags (5.5.0)

}  // namespace mqctl
