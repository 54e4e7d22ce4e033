// The one decoder: dump, verify, recovery, pull and index rebuild all read records through parse_record. It never
// throws, never allocates and reads no byte beyond what it was given. The checks are Apache's
// (CommitLog.checkMessageAndReturnSize, docs/store-format.md "record check"), named apart instead of folded into -1.
#pragma once

#include <cstdint>
#include <string_view>

#include "libstore/message/message_view.h"

namespace mqctl {

enum class RecordStatus : uint8_t {
  kRecord,          // sound; the view is filled
  kBlank,           // end of the segment; whatever follows in it means nothing
  kEmpty,           // size and magic are zero: never written
  kTruncated,       // the record claims more bytes than were given
  kBadMagic,        // not a record
  kBadSize,         // lengths that are negative or contradict each other
  kBadBodyCrc,      // frame sound, view filled, body is not what was stored
  kBadPropertyCrc,  // frame sound, view filled, the __CRC32# property does not match the record
};

enum class CrcCheck : uint8_t { kNone, kBody, kBodyAndProperties };

// Where `bytes` begins with a record: from there to the end of the segment, or as much as is at hand.
RecordStatus parse_record(Bytes bytes, CrcCheck check, MessageView& view);

// The first 8 bytes only. REQUIRES: bytes.size() >= 8.
struct RecordClaim {
  int32_t total_size;
  uint32_t magic;
};
RecordClaim read_claim(Bytes bytes);

// Whether the frame could be sound, judged by the fixed head alone (at least kMaxHeadBytes given, or all there is):
// lets a reader refuse a lying size before it makes room for the record. `record_limit`: bytes to the segment's end.
bool plausible_head(Bytes head, uint64_t record_limit);

// A fixed short text: "bad magic", "body CRC mismatch", ...
std::string_view describe(RecordStatus status);

}  // namespace mqctl
