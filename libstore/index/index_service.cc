#include "libstore/index/index_service.h"

#include <algorithm>
#include <ctime>
#include <iterator>

#include "libstore/message/properties.h"
#include "libstore/message/system_flag.h"

namespace mqctl {
namespace {

bool is_number(std::string_view name) {
  return !name.empty() && name.size() <= 18 &&
         std::all_of(name.begin(), name.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// yyyyMMddHHmmssSSS in local time.
int64_t name_number(EpochMs time) {
  const auto seconds = static_cast<time_t>(time.value() / 1000);
  struct tm local {};
  ::localtime_r(&seconds, &local);
  int64_t number = local.tm_year + 1900;
  for (const int part : {local.tm_mon + 1, local.tm_mday, local.tm_hour, local.tm_min, local.tm_sec}) {
    number = number * 100 + part;
  }
  return number * 1000 + time.value() % 1000;
}

}  // namespace

IndexService::IndexService(FileSystem& fs, const Clock& clock, IndexServiceOptions options)
    : fs_(fs), clock_(clock), options_(std::move(options)) {}

Status IndexService::load(LastExit last_exit, EpochMs safe) {
  MutexLock lock(mutex_);
  Result<std::vector<DirectoryEntry>> entries = fs_.list(options_.directory);
  if (!entries) return entries.error().code() == Errc::kNotFound ? Status() : std::move(entries).error();
  for (const DirectoryEntry& entry : *entries) {
    if (entry.kind != FileKind::kRegular || !is_number(entry.name)) continue;
    const std::string path = join_path(options_.directory, entry.name);
    Result<std::unique_ptr<File>> file = fs_.open(path, OpenMode::kRead);
    if (!file) return std::move(file).error();
    Result<IndexGeometry> geometry = detect_index_geometry(**file);
    if (!geometry) return std::move(geometry).error();
    options_.geometry = *geometry;
    Result<std::unique_ptr<IndexFile>> opened = IndexFile::open(fs_, path, *geometry);
    if (!opened) return std::move(opened).error();
    files_.push_back(std::move(*opened));
  }
  if (last_exit == LastExit::kCrash) return drop_unsafe_files(safe);
  return {};
}

Status IndexService::drop_unsafe_files(EpochMs safe) {
  while (!files_.empty() && files_.back()->header().end_timestamp > safe) {
    const PhysicalOffset begin = files_.back()->header().begin_offset;
    if (Status status = fs_.remove(files_.back()->path()); !status.ok()) return status;
    files_.pop_back();
    missing_from_ = files_.empty() ? std::min(begin, missing_from_.value_or(begin)) : files_.back()->header().end_offset;
  }
  if (!missing_from_) return {};
  if (missing_from_->value() < 0) missing_from_ = PhysicalOffset(0);
  return fs_.sync_directory(options_.directory);
}

Status IndexService::put(const DispatchRequest& request) {
  if (!enters_index(request.sys_flag)) return {};
  MutexLock lock(mutex_);
  if (!files_.empty() && request.physical_offset < files_.back()->header().end_offset) return {};
  if (request.has_uniq_key) {
    if (Status status = put_key(index_key_hash(request.topic, request.uniq_key), request); !status.ok()) return status;
  }
  KeyCursor keys(request.keys);
  for (std::string_view key; keys.next(key);) {
    if (Status status = put_key(index_key_hash(request.topic, key), request); !status.ok()) return status;
  }
  if (request.tags.empty() || options_.tags == TagEntries::kNone) return {};
  return put_key(index_tag_hash(request.topic, request.tags), request);
}

Status IndexService::put_key(int32_t hash, const DispatchRequest& request) {
  if (files_.empty() || files_.back()->full()) {
    if (Status status = add_file(); !status.ok()) return status;
  }
  return files_.back()->put_key(hash, request.physical_offset, request.stored);
}

Status IndexService::add_file() {
  if (Status status = fs_.create_directories(options_.directory); !status.ok()) return status;
  std::optional<IndexHeader> before;
  if (!files_.empty()) {
    before = files_.back()->header();
    if (Status status = files_.back()->flush(); !status.ok()) return status;
    safe_timestamp_ = before->end_timestamp;
  }
  Result<std::unique_ptr<IndexFile>> made = IndexFile::create(fs_, join_path(options_.directory, next_name()),
                                                              options_.geometry, before ? &*before : nullptr);
  if (!made) return std::move(made).error();
  files_.push_back(std::move(*made));
  return {};
}

// The time now, or one more than the last name where the clock has not moved, or moved back.
std::string IndexService::next_name() const {
  int64_t number = name_number(clock_.now());
  if (!files_.empty()) {
    const std::string last = base_name(files_.back()->path());
    number = std::max<int64_t>(number, std::stoll(last) + 1);
  }
  return std::to_string(number);
}

std::vector<PhysicalOffset> IndexService::query(std::string_view topic, std::string_view key, size_t max,
                                                EpochMs begin, EpochMs end) const {
  const int32_t hash = index_key_hash(topic, key);
  std::vector<PhysicalOffset> found;
  MutexLock lock(mutex_);
  for (auto file = files_.rbegin(); file != files_.rend() && found.size() < max; ++file) {
    (*file)->query(hash, begin, end, max, found);
  }
  return found;
}

Status IndexService::flush() {
  MutexLock lock(mutex_);
  return files_.empty() ? Status() : files_.back()->flush();
}

Result<int> IndexService::delete_expired(PhysicalOffset log_min) {
  MutexLock lock(mutex_);
  int deleted = 0;
  while (files_.size() > 1 && files_.front()->header().end_offset < log_min) {
    if (Status status = fs_.remove(files_.front()->path()); !status.ok()) return status;
    files_.erase(files_.begin());
    ++deleted;
  }
  return deleted;
}

EpochMs IndexService::safe_timestamp() const {
  MutexLock lock(mutex_);
  return safe_timestamp_;
}

}  // namespace mqctl
