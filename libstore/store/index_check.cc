#include "libstore/store/index_check.h"

#include <algorithm>
#include <utility>

#include "libstore/message/system_flag.h"

namespace mqctl {
namespace {

bool lies_in(const std::vector<DamagedRange>& damaged, PhysicalOffset offset) {
  const auto behind = std::upper_bound(damaged.begin(), damaged.end(), offset,
                                       [](PhysicalOffset at, const DamagedRange& range) { return at < range.begin; });
  return behind != damaged.begin() && offset < std::prev(behind)->end;
}

int32_t seconds_between(EpochMs begin, EpochMs stored) {
  if (begin.value() <= 0 || stored <= begin) return 0;
  return static_cast<int32_t>(std::min<int64_t>((stored - begin) / 1000, INT32_MAX));
}

}  // namespace

IndexCheck::IndexCheck(FileSystem& fs, const StoreLocation& location, IndexCheckOptions options)
    : fs_(fs), location_(location), options_(options), found_(options.max_findings) {}

Status IndexCheck::open() {
  Result<IndexListing> listing = list_index_files(fs_, location_.index_directory());
  if (!listing) return std::move(listing).error();
  for (const StrayFile& stray : listing->strays) {
    notes_.push_back(shown_path(location_, stray.path) + ": " + stray.reason + "; brokers pass over it");
  }
  if (listing->paths.empty()) {
    notes_.push_back("no index files: keys not checked");
    return {};
  }
  walk_.emplace(fs_, std::move(listing->paths));
  return walk_->open();
}

void IndexCheck::collect_keys(const MessageView& message, const DispatchProperties& properties) {
  keys_.clear();
  if (!enters_index(message.sys_flag)) return;
  if (properties.has_uniq_key) keys_.push_back({index_key_hash(message.topic, properties.uniq_key), true, false});
  KeyCursor cursor(properties.keys);
  for (std::string_view key; cursor.next(key);) keys_.push_back({index_key_hash(message.topic, key), true, false});
  if (!properties.tags.empty()) keys_.push_back({index_tag_hash(message.topic, properties.tags), false, false});
}

Status IndexCheck::on_record(const MessageView& message, const DispatchProperties& properties,
                             const std::vector<DamagedRange>& damaged) {
  if (!walk_) return {};
  const PhysicalOffset offset = message.physical_offset;
  if (Status status = pass_over(offset, damaged, PhysicalOffset(INT64_MAX)); !status.ok()) return status;
  unknown_before_ = unknown_before_ || passed_unreadable();
  collect_keys(message, properties);
  if (walk_->at_end() || walk_->entry().physical_offset != offset) {
    const bool required = std::any_of(keys_.begin(), keys_.end(), [](const Key& key) { return key.required; });
    if (required && !unknown_before_) note_missing(offset);
    return {};
  }
  std::optional<Place> foreign;
  uint64_t foreigners = 0;
  if (Status status = take_entries(message, foreign, foreigners); !status.ok()) return status;
  // Beside what is unknown there may be only a part of this record's entries.
  const bool unknown_behind = passed_unreadable();
  if (unknown_before_ || unknown_behind) {
    for (Key& key : keys_) key.required = false;
  }
  unknown_before_ = unknown_behind;
  judge(message, foreign, foreigners);
  return {};
}

bool IndexCheck::passed_unreadable() {
  const uint64_t before = std::exchange(unreadable_seen_, walk_->unreadable());
  return before != unreadable_seen_;
}

// Entries that belong to no sound record.
Status IndexCheck::pass_over(PhysicalOffset until, const std::vector<DamagedRange>& damaged, PhysicalOffset log_end) {
  while (!walk_->at_end() && walk_->entry().physical_offset < until) {
    const PhysicalOffset offset = walk_->entry().physical_offset;
    const bool lagging_log = options_.tail_may_lag && offset >= log_end;
    if (offset >= location_.segments.min_offset() && !lies_in(damaged, offset) && !lagging_log) {
      add_dangling({shown_path(location_, walk_->path()), walk_->position(), walk_->entry().key_hash}, offset, 1,
                   "no record at commit-log offset " + std::to_string(offset.value()));
    }
    if (Status status = walk_->next(); !status.ok()) return status;
  }
  return {};
}

Status IndexCheck::take_entries(const MessageView& message, std::optional<Place>& foreign, uint64_t& foreigners) {
  while (!walk_->at_end() && walk_->entry().physical_offset == message.physical_offset) {
    const int32_t hash = walk_->entry().key_hash;
    const auto same = [&](const Key& key) { return key.hash == hash; };
    auto key = std::find_if(keys_.begin(), keys_.end(), [&](const Key& k) { return same(k) && !k.found; });
    if (key == keys_.end()) key = std::find_if(keys_.begin(), keys_.end(), same);  // dispatched twice
    if (key == keys_.end()) {
      if (!foreign) foreign = Place{shown_path(location_, walk_->path()), walk_->position(), hash};
      ++foreigners;
    } else {
      key->found = true;
      judge_time(message);
    }
    if (Status status = walk_->next(); !status.ok()) return status;
  }
  return {};
}

// An entry's time counts from the first one's; that one itself from the file before it.
void IndexCheck::judge_time(const MessageView& message) {
  const IndexEntry& entry = walk_->entry();
  if (walk_->number() == 1) {
    if (walk_->header().begin_timestamp != message.stored) {
      walk_->add_problem(0, 8, "the header's begin time is not the first record's store time");
    }
    return;
  }
  const int32_t expected = seconds_between(walk_->header().begin_timestamp, message.stored);
  if (entry.seconds != expected) {
    walk_->add_problem(walk_->position() + 12, 4,
                       "entry " + std::to_string(walk_->number()) + " says " + std::to_string(entry.seconds) +
                           " seconds, its record " + std::to_string(expected));
  }
}

void IndexCheck::judge(const MessageView& message, const std::optional<Place>& foreign, uint64_t foreigners) {
  const PhysicalOffset offset = message.physical_offset;
  const auto missing = static_cast<uint64_t>(
      std::count_if(keys_.begin(), keys_.end(), [](const Key& key) { return key.required && !key.found; }));
  if (missing == 0 || foreign) close_missing();
  if (foreign) {
    const std::string detail = missing > 0 ? "its hash is that of no key of the record, one of which is not there"
                                           : "its hash is that of no key of the record";
    add_dangling(*foreign, offset, foreigners, detail);
  } else if (missing > 0) {
    note_missing(offset);
  }
}

void IndexCheck::note_missing(PhysicalOffset offset) {
  if (missing_.records == 0) missing_.first = offset;
  missing_.last = offset;
  ++missing_.records;
}

void IndexCheck::close_missing() {
  if (missing_.records == 0) return;
  Finding finding;
  finding.kind = FindingClass::kIndexMissing;
  finding.file = "index";
  finding.offset = missing_.first;
  finding.count = missing_.records;
  finding.detail = missing_.records == 1 ? "keys of the record are not in the index"
                                         : "keys of " + counted(missing_.records, "record") + ", the last at " +
                                               std::to_string(missing_.last.value()) + ", are not in the index";
  finding.impact = "key queries do not find " + counted(missing_.records, "message") + "; consumers are not affected";
  found_.add(std::move(finding));
  missing_ = {};
}

void IndexCheck::add_dangling(const Place& place, PhysicalOffset offset, uint64_t count, std::string detail) {
  Finding finding;
  finding.kind = FindingClass::kIndexDangling;
  finding.file = place.file;
  finding.position = place.position;
  finding.offset = offset;
  finding.length = count * IndexEntry::kEncodedBytes;
  finding.count = count;
  finding.detail = std::move(detail);
  finding.impact = "key queries for this hash come to a place that holds no such message";
  found_.add(std::move(finding));
}

void IndexCheck::judge_files(FindingList& findings) {
  for (const WalkedIndexFile& file : walk_->files()) {
    const bool newest = &file == &walk_->files().back();
    if (newest && options_.tail_may_lag && (file.problem || !file.readable || file.size_bytes != walk_->usual_size())) {
      notes_.push_back(shown_path(location_, file.path) +
                       " is not finished; brokers delete it after a crash and make it again");
      continue;
    }
    Finding finding;
    finding.file = shown_path(location_, file.path);
    if (file.size_bytes != walk_->usual_size()) {
      const uint64_t usual = walk_->usual_size();
      const bool is_shorter = file.size_bytes < usual;
      finding.kind = is_shorter ? FindingClass::kShortFile : FindingClass::kOversizedFile;
      finding.position = std::min(file.size_bytes, usual);
      finding.length = std::max(file.size_bytes, usual) - finding.position;
      finding.detail = std::to_string(file.size_bytes) + " bytes where others have " + std::to_string(usual);
      finding.impact = is_shorter ? "brokers fill it up with zeros; key queries miss what is cut off"
                                  : "brokers do not look at what is beyond";
    } else if (!file.readable) {
      finding.kind = FindingClass::kIndexBroken;
      finding.length = file.size_bytes;
      finding.detail = "its size fits no division into slots and entries";
      finding.impact = "key queries miss what is in this file";
    } else if (file.problem) {
      finding.kind = FindingClass::kIndexBroken;
      finding.position = file.problem->position;
      finding.length = file.problem->length;
      finding.count = 1 + file.problem->more;
      finding.detail = file.problem->detail;
      if (file.problem->more > 0) finding.detail += "; " + counted(file.problem->more, "place") + " more in this file";
      finding.impact = "key queries may miss messages that are there";
    } else {
      continue;
    }
    findings.add(std::move(finding));
  }
}

Status IndexCheck::finish(const LogVerdict& log, FindingList& findings) {
  if (!walk_) return {};
  Status status = pass_over(PhysicalOffset(INT64_MAX), log.damaged, log.log_end);
  if (!status.ok()) return status;
  if (missing_.records > 0 && options_.tail_may_lag) {
    notes_.push_back("the index is " + counted(missing_.records, "message") + " behind the log");
    missing_ = {};
  }
  close_missing();
  findings.add_omitted(found_.total() - found_.kept().size());
  for (Finding& finding : found_.kept()) findings.add(std::move(finding));
  judge_files(findings);
  return {};
}

}  // namespace mqctl
