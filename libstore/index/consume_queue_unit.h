// The units of a consume queue: 20 bytes each, unit i at byte i * 20 (Apache: ConsumeQueue; docs/store-format.md).
#pragma once

#include <cstddef>
#include <cstdint>

#include "libstore/base/bytes.h"
#include "libstore/base/types.h"

namespace mqctl {

struct ConsumeQueueUnit {
  PhysicalOffset physical_offset;
  int32_t size = 0;       // of the whole record
  int64_t tags_code = 0;  // or the address of an extension unit, see is_extension_address

  static constexpr size_t kPhysicalOffsetAt = 0;
  static constexpr size_t kSizeAt = kPhysicalOffsetAt + 8;
  static constexpr size_t kTagsCodeAt = kSizeAt + 4;
  static constexpr size_t kEncodedBytes = kTagsCodeAt + 8;

  bool operator==(const ConsumeQueueUnit&) const = default;
  // Apache's rule for scans; the first unit that is not valid ends the queue.
  bool valid() const { return physical_offset.value() >= 0 && size > 0; }
  // Filler before a queue's first real unit.
  bool pre_blank() const { return physical_offset.value() == 0 && size == 0x7FFFFFFF && tags_code == 0; }

  // REQUIRES: kEncodedBytes there.
  static ConsumeQueueUnit load(const std::byte* from) {
    return {PhysicalOffset(load_be<int64_t>(from + kPhysicalOffsetAt)), load_be<int32_t>(from + kSizeAt),
            load_be<int64_t>(from + kTagsCodeAt)};
  }
  void store(std::byte* to) const {
    store_be(to + kPhysicalOffsetAt, physical_offset.value());
    store_be(to + kSizeAt, size);
    store_be(to + kTagsCodeAt, tags_code);
  }
};
static_assert(ConsumeQueueUnit::kEncodedBytes == 20, "consume queue unit, docs/store-format.md");

inline constexpr ConsumeQueueUnit kPreBlankUnit{PhysicalOffset(0), 0x7FFFFFFF, 0};
inline constexpr uint64_t kDefaultConsumeQueueSegmentBytes = 6000000;

}  // namespace mqctl
