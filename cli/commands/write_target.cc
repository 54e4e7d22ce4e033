#include "cli/commands/write_target.h"

#include <algorithm>
#include <utility>

#include "libstore/store/store_location.h"

namespace mqctl {
namespace {

std::string without_last_slashes(std::string path) {
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  return path;
}

Status refuse(Errc code, const std::string& path, std::string why) {
  return Status::error(code, std::move(why)).at(path);
}

bool is_segment_name(std::string_view name) {
  return name.size() == 20 && std::all_of(name.begin(), name.end(), [](char c) { return c >= '0' && c <= '9'; });
}

Result<bool> holds_segments(FileSystem& fs, const std::string& directory) {
  Result<std::vector<DirectoryEntry>> entries = fs.list(directory);
  if (!entries) return std::move(entries).error();
  return std::any_of(entries->begin(), entries->end(), [](const DirectoryEntry& entry) {
    return entry.kind == FileKind::kRegular && is_segment_name(entry.name);
  });
}

// The root, existing or not.
Result<std::string> root_of(FileSystem& fs, const std::string& location) {
  const std::string path = without_last_slashes(location);
  if (path.empty()) return refuse(Errc::kInvalidArgument, path, "an empty name is no store");
  const Result<FileStat> stat = fs.stat(path);
  if (!stat && stat.error().code() == Errc::kNotFound) return path;
  if (!stat) return stat.error();
  if (stat->kind != FileKind::kDirectory) {
    return refuse(Errc::kInvalidArgument, path, "is a file; name the store, the directory that holds commitlog/");
  }
  if (base_name(path) == "commitlog") return parent_path(path);
  Result<bool> segments = holds_segments(fs, path);
  if (!segments) return std::move(segments).error();
  if (!*segments) return path;
  return refuse(Errc::kInvalidArgument, path,
                "holds segments but is not the commitlog/ of a store; name the store's directory");
}

// Queues kept in RocksDB, or a DLedger log, would not follow what is written here.
Status check_parts(const StoreLocation& store) {
  for (const ForeignPart part : store.foreign) {
    if (part != ForeignPart::kDLedger && part != ForeignPart::kRocksDbConsumeQueue) continue;
    return refuse(Errc::kUnsupported, store.root,
                  "has a " + std::string(foreign_name(part)) + ", which mqctl cannot write");
  }
  return {};
}

}  // namespace

Result<WriteTarget> find_write_target(FileSystem& fs, const std::string& location) {
  Result<std::string> root = root_of(fs, location);
  if (!root) return std::move(root).error();
  WriteTarget target;
  target.root = *root;
  Result<bool> there = exists(fs, join_path(*root, "commitlog"));
  if (!there) return std::move(there).error();
  if (!*there) {
    // Not a store yet, or one of another kind: locate_store tells the difference by what else is there.
    Result<StoreLocation> found = locate_store(fs, *root);
    if (!found && found.error().code() == Errc::kUnsupported) return std::move(found).error();
    return target;
  }
  Result<StoreLocation> store = locate_store(fs, *root);
  if (!store) return std::move(store).error();
  if (Status status = check_parts(*store); !status.ok()) return status;
  target.commit_log_directories = store->commit_log_directories;
  target.segment_bytes = store->segments.segment_bytes;
  target.abort_file = store->abort_file;
  return target;
}

Status check_segment_bytes(uint64_t segment_bytes) {
  constexpr uint64_t kLeast = 1024;
  if (segment_bytes >= kLeast && segment_bytes <= INT32_MAX) return {};
  return Status::error(Errc::kInvalidArgument, "segments have from 1 KiB to 2 GiB less one byte");
}

}  // namespace mqctl
