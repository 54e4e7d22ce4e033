// Where dump's records come from: a range of the log, forwards or backwards, or places that an index named.
//
// Each gives sound records and, in their place, damage; never the same place twice. Views live until the next call.
// Memory is that of a window, whatever the size of the log.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "libstore/base/result.h"
#include "libstore/log/segment_list.h"
#include "libstore/log/segment_scanner.h"

namespace mqctl {

struct SourceEvent {
  const MessageView* message = nullptr;  // with damage: what the broken record claims, or null
  PhysicalOffset offset = {};
  uint64_t length = 0;
  std::string_view file = {};
  std::string_view damage = {};  // the class; empty for a sound record
  std::string_view detail = {};
  bool crc_ok = true;
};

class RecordSource {
 public:
  virtual ~RecordSource() = default;
  // False at the end.
  virtual Result<bool> next(SourceEvent& event) = 0;
};

struct LogRange {
  PhysicalOffset begin = PhysicalOffset(0);
  PhysicalOffset end = PhysicalOffset(INT64_MAX);
  bool begins_at_record = false;  // else what is broken at `begin` may be the middle of a sound record
};

// What sources share: the files, and what to do with one that cannot be opened.
struct SourceFiles {
  FileSystem& fs;
  const SegmentList& list;
  // Null: an unreadable file ends the source with its error.
  std::function<void(const Status&)> on_unreadable;
};

std::unique_ptr<RecordSource> forward_source(SourceFiles files, LogRange range);
std::unique_ptr<RecordSource> reverse_source(SourceFiles files, LogRange range);

// Places one after the other; none at the end.
using PlaceFeed = std::function<Result<std::optional<PhysicalOffset>>()>;
std::unique_ptr<RecordSource> place_source(SourceFiles files, PlaceFeed places);

// Sources one after the other.
std::unique_ptr<RecordSource> chain_sources(std::vector<std::unique_ptr<RecordSource>> sources);

// Goes on at the end of the log for as long as `wait` gives true, which it is asked each time nothing new is there.
struct FollowHooks {
  std::function<Result<SegmentList>()> list;
  std::function<bool()> wait;
};
std::unique_ptr<RecordSource> following_source(FileSystem& fs, FollowHooks hooks, LogRange range);

// A segment's record at a place: what parsing says, as an event.
SourceEvent event_of(const ScanEvent& scanned, std::string_view file);

}  // namespace mqctl
