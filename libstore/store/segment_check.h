// Reads one commit-log segment to its end and says what is in it: for verify, one segment at a time and thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "libstore/log/segment_scanner.h"

namespace mqctl {

enum class Usage : uint8_t { kUsed, kBlank, kDamaged, kNeverWritten };

struct UsageRange {
  Usage usage;
  uint64_t begin, end;  // positions in the file
};

struct SegmentDamage {
  Damage damage = Damage::kNone;
  uint64_t position = 0;
  uint64_t length = 0;
  uint64_t records_before = 0;  // sound ones in this segment
  uint64_t count = 1;           // damaged records, where they are known
  uint64_t shift = 0;           // kWrongOffset: claimed minus true offset, modulo 2^64
  std::string detail;
};

struct SegmentOutcome {
  uint64_t size_bytes = 0;
  uint64_t records = 0;
  bool first_record_sound = false;
  EpochMs first_stored;
  std::vector<SegmentDamage> damages;
  uint64_t damages_omitted = 0;
  // How the segment ends.
  bool blank = false;
  int64_t blank_claim = 0;
  uint64_t end_position = 0;  // of the blank or the tail
  Tail tail = Tail::kNeverWritten;
  Damage tail_damage = Damage::kNone;
  uint64_t nonzero_end = 0;
  std::string tail_detail;
  // From here on, behind damage, every sound record is older than those before it: left from before a truncation, if
  // this is the last segment in use.
  struct Stale {
    uint64_t position = 0, records = 0;
    size_t damages = 0;
  };
  std::optional<Stale> stale;
  std::vector<UsageRange> usage;  // in order, bounded; what is too fine for it is joined, damage winning
  bool cancelled = false;

  bool holds_log() const { return records > 0 || blank; }
};

struct SegmentCheckOptions {
  CrcCheck check = CrcCheck::kBodyAndProperties;
  uint64_t max_damages = UINT64_MAX;
  const std::atomic<bool>* cancel = nullptr;        // relaxed: only asks to stop soon
  std::function<void(uint64_t bytes)> on_progress;  // bytes since the last call; any thread
};

Result<SegmentOutcome> check_segment(FileSystem& fs, const SegmentFile& segment, const SegmentCheckOptions& options);

}  // namespace mqctl
