// config/delayOffset.json: how far each delay level has been delivered (Apache: ScheduleMessageService,
// DelayOffsetSerializeWrapper; docs/store-format.md). Without it every delayed message that is due comes again.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "libstore/base/result.h"
#include "libstore/base/types.h"
#include "libstore/os/file_system.h"

namespace mqctl {

// Delay level to the next queue offset to deliver in queue level-1 of the schedule topic.
using DelayOffsets = std::map<int32_t, QueueOffset>;

std::string delay_offset_file(std::string_view store_root);  // <root>/config/delayOffset.json

// Empty where there is no file. Read as a broker does: `.bak` where the file is missing or undecodable; entries that
// are no numbers are left out.
Result<DelayOffsets> load_delay_offsets(FileSystem& fs, std::string_view store_root);

// Replaces the table, keeps other members, bumps the data version; durable, the old file kept as `.bak`.
Status save_delay_offsets(FileSystem& fs, std::string_view store_root, const DelayOffsets& offsets, EpochMs now);

}  // namespace mqctl
