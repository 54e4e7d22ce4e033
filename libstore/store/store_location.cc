#include "libstore/store/store_location.h"

#include <algorithm>

#include "libstore/os/store_lock.h"

namespace mqctl {
namespace {

constexpr std::string_view kCommitLog = "commitlog";

std::vector<std::string> split_at_commas(std::string_view text) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const size_t comma = text.find(',');
    if (comma != 0) parts.emplace_back(text.substr(0, comma));
    text.remove_prefix(comma == text.npos ? text.size() : comma + 1);
  }
  return parts;
}

std::string without_last_slash(std::string path) {
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  return path;
}

// Whether a writer may be at work in the store around a commit-log directory.
Status look_around(FileSystem& fs, const std::string& root, StoreLocation& location) {
  const Result<bool> abort_file = exists(fs, join_path(root, "abort"));
  if (!abort_file) return abort_file.error();
  location.abort_file = *abort_file;
  location.locked = StoreLock::probe(fs, root) == LockProbe::kHeld;
  return {};
}

// Where a store would be if the directory is one's commit log; ".." is right for "commitlog" itself as for ".".
std::string root_around(const std::string& commit_log_directory) { return join_path(commit_log_directory, ".."); }

bool has_rocksdb_files(FileSystem& fs, const std::string& directory) {
  return fs.stat(join_path(directory, "CURRENT")).has_value() && fs.stat(join_path(directory, "IDENTITY")).has_value();
}

std::vector<ForeignPart> foreign_parts(FileSystem& fs, const std::string& root,
                                       const std::vector<DirectoryEntry>& entries) {
  std::vector<ForeignPart> parts;
  for (const DirectoryEntry& entry : entries) {
    if (entry.name.starts_with("dledger-")) parts.push_back(ForeignPart::kDLedger);
    if (entry.name == "tieredstore") parts.push_back(ForeignPart::kTieredStore);
    if (entry.name == "compaction") parts.push_back(ForeignPart::kCompaction);
    if (entry.name == "timerwheel") parts.push_back(ForeignPart::kTimerWheel);
  }
  if (has_rocksdb_files(fs, join_path(root, "consumequeue"))) parts.push_back(ForeignPart::kRocksDbConsumeQueue);
  return parts;
}

Result<StoreLocation> from_directories(FileSystem& fs, std::vector<std::string> directories) {
  StoreLocation location;
  location.kind = LocationKind::kCommitLogDirectory;
  Result<SegmentList> segments = list_segments(fs, directories);
  if (!segments) return std::move(segments).error();
  location.segments = std::move(*segments);
  if (Status status = look_around(fs, root_around(directories.front()), location); !status.ok()) return status;
  location.commit_log_directories = std::move(directories);
  return location;
}

Result<StoreLocation> from_file(FileSystem& fs, const std::string& path) {
  StoreLocation location;
  location.kind = LocationKind::kSegmentFile;
  Result<SegmentList> segments = lone_segment(fs, path);
  if (!segments) return std::move(segments).error();
  location.segments = std::move(*segments);
  if (Status status = look_around(fs, root_around(parent_path(path)), location); !status.ok()) return status;
  return location;
}

Result<StoreLocation> from_root(FileSystem& fs, const std::string& root, const std::vector<DirectoryEntry>& entries,
                                std::vector<std::string> commit_logs) {
  Result<SegmentList> segments = list_segments(fs, commit_logs);
  if (!segments) return std::move(segments).error();
  StoreLocation location;
  location.root = root;
  location.segments = std::move(*segments);
  location.commit_log_directories = std::move(commit_logs);
  location.foreign = foreign_parts(fs, root, entries);
  if (Status status = look_around(fs, root, location); !status.ok()) return status;
  const auto dledger = std::find(location.foreign.begin(), location.foreign.end(), ForeignPart::kDLedger);
  if (location.segments.empty() && dledger != location.foreign.end()) {
    return Status::error(Errc::kUnsupported, "its log is a DLedger log, which mqctl does not read").at(root);
  }
  return location;
}

Result<StoreLocation> from_directory(FileSystem& fs, const std::string& path) {
  Result<std::vector<DirectoryEntry>> entries = fs.list(path);
  if (!entries) return std::move(entries).error();
  std::vector<std::string> commit_logs;
  bool dledger = false;
  for (const DirectoryEntry& entry : *entries) {
    const bool directory = entry.kind == FileKind::kDirectory;
    if (directory && entry.name.starts_with(kCommitLog)) commit_logs.push_back(join_path(path, entry.name));
    dledger = dledger || (directory && entry.name.starts_with("dledger-"));
  }
  if (!commit_logs.empty() || dledger) return from_root(fs, path, *entries, std::move(commit_logs));
  Result<StoreLocation> location = from_directories(fs, {path});
  if (!location) return location;
  if (!location->segments.empty() || base_name(path).starts_with(kCommitLog)) return location;
  return Status::error(Errc::kInvalidArgument,
                       "not a store: no directory commitlog in it, and no file named by a 20-digit offset")
      .at(path);
}

}  // namespace

std::string StoreLocation::consume_queue_directory() const { return join_path(root, "consumequeue"); }
std::string StoreLocation::index_directory() const { return join_path(root, "index"); }

Result<StoreLocation> locate_store(FileSystem& fs, const std::string& location) {
  const std::string path = without_last_slash(location);
  Result<FileStat> stat = fs.stat(path);
  if (stat && stat->kind == FileKind::kDirectory) return from_directory(fs, path);
  if (stat) return from_file(fs, path);
  std::vector<std::string> parts = split_at_commas(path);
  if (stat.error().code() == Errc::kNotFound && parts.size() > 1) return from_directories(fs, std::move(parts));
  return std::move(stat).error();
}

std::string_view foreign_name(ForeignPart part) {
  switch (part) {
    case ForeignPart::kDLedger:
      return "DLedger log";
    case ForeignPart::kRocksDbConsumeQueue:
      return "RocksDB consume queues";
    case ForeignPart::kTieredStore:
      return "tiered store";
    case ForeignPart::kCompaction:
      return "compaction files";
    case ForeignPart::kTimerWheel:
      return "timer wheel";
  }
  return "unknown";
}

}  // namespace mqctl
