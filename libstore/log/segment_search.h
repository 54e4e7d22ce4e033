// Looking for something in a segment without knowing where it stands: the next sound record, the first and the last
// byte that is not zero. For the scanner, after damage. Each moves the reader's window.
#pragma once

#include <cstdint>

#include "libstore/log/segment_reader.h"
#include "libstore/message/record_parser.h"

namespace mqctl {

// Parses what stands at a position. The window grows only for a record whose head is plausible and, where it is a
// large one, whose lengths at its far end agree.
Result<RecordStatus> parse_record_at(SegmentReader& reader, uint64_t position, CrcCheck check, MessageView& view);

// The first position at or behind `from` with a record that is sound, body CRC included, and claims to stand there,
// or with a blank that claims exactly what is left; reader.end() where there is none.
Result<uint64_t> find_sound_position(SegmentReader& reader, uint64_t from);

// reader.end() where all is zero.
Result<uint64_t> first_nonzero(SegmentReader& reader, uint64_t from);
// `from` where all is zero.
Result<uint64_t> behind_last_nonzero(SegmentReader& reader, uint64_t from);

}  // namespace mqctl
