// IndexCheck: the key index against the log, both ways, in one walk: entries stand in log order, so they are merged
// with the keys of the records as these come by.
//
// Never findings: records before the first index file (files are deleted by age), tag entries that are there or not
// (only 5.5.0 makes them), entries made twice when a broker dispatched again, a store without index.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "libstore/message/message_view.h"
#include "libstore/message/properties.h"
#include "libstore/store/finding.h"
#include "libstore/store/index_walk.h"
#include "libstore/store/log_check.h"

namespace mqctl {

struct IndexCheckOptions {
  bool tail_may_lag = false;  // a writer is or was at work: the newest file is not finished, or is to be deleted
  uint64_t max_findings = UINT64_MAX;
};

class IndexCheck {
 public:
  IndexCheck(FileSystem& fs, const StoreLocation& location, IndexCheckOptions options);

  Status open();
  // In log order. `damaged`: all damage of the log up to this record.
  Status on_record(const MessageView& message, const DispatchProperties& properties,
                   const std::vector<DamagedRange>& damaged);
  Status finish(const LogVerdict& log, FindingList& findings);
  std::vector<std::string>& notes() { return notes_; }

 private:
  struct Key {
    int32_t hash;
    bool required, found;
  };
  struct Place {
    std::string file;
    uint64_t position;
    int32_t hash;
  };
  struct MissingRun {
    PhysicalOffset first, last;
    uint64_t records = 0;
  };

  bool passed_unreadable();  // since it was asked last
  void collect_keys(const MessageView& message, const DispatchProperties& properties);
  Status pass_over(PhysicalOffset until, const std::vector<DamagedRange>& damaged, PhysicalOffset log_end);
  Status take_entries(const MessageView& message, std::optional<Place>& foreign, uint64_t& foreigners);
  void judge(const MessageView& message, const std::optional<Place>& foreign, uint64_t foreigners);
  void judge_time(const MessageView& message);
  void note_missing(PhysicalOffset offset);
  void close_missing();
  void add_dangling(const Place& place, PhysicalOffset offset, uint64_t count, std::string detail);
  void judge_files(FindingList& findings);

  FileSystem& fs_;
  const StoreLocation& location_;
  const IndexCheckOptions options_;
  std::optional<IndexWalk> walk_;  // none without index
  uint64_t unreadable_seen_ = 0;
  bool unknown_before_ = true;  // what stands before the next entry may be in a file that is gone
  std::vector<Key> keys_;
  MissingRun missing_;
  FindingList found_;
  std::vector<std::string> notes_;
};

}  // namespace mqctl
