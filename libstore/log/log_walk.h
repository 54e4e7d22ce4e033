// Walking a mapped log as recovery does: record after record, across blanks, to the first place that is not a sound
// record standing where it says it stands (Apache: CommitLog.recoverNormally; the place is checked in addition).
//
// For a store that this process owns. Files count with their whole length, whatever their positions say.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "libstore/base/result.h"
#include "libstore/log/mapped_file_queue.h"
#include "libstore/message/record_parser.h"

namespace mqctl {

struct LogWalk {
  PhysicalOffset end;  // of the sound part
  uint64_t records = 0;
  std::string stopped_by;  // empty: at bytes never written, or at the end of the files
  bool at_blank = false;   // the last segment is ended, and none follows it: as a broker leaves it on a full disk
};

using RecordVisitor = std::function<Status(const MessageView&)>;

// REQUIRES: `from` is a record's offset, a blank's, or where the log may end.
Result<LogWalk> walk_log(const MappedFileQueue& files, PhysicalOffset from, CrcCheck check, const RecordVisitor& visit);

// The same with each body's CRC and nobody to visit, by several threads; also the result is the same.
LogWalk check_log(const MappedFileQueue& files, PhysicalOffset from, unsigned threads);

// The sound record at the offset, or none.
std::optional<MessageView> sound_record(const MappedFileQueue& files, PhysicalOffset offset, CrcCheck check);

// The first sound record at or behind the offset, wherever it stands.
std::optional<PhysicalOffset> find_sound_record(const MappedFileQueue& files, PhysicalOffset from);

// How many sound records there are at or behind the offset, damage between them stepped over.
uint64_t count_sound_records(const MappedFileQueue& files, PhysicalOffset from);

}  // namespace mqctl
