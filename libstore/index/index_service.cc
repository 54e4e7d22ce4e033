#include "libstore/index/index_service.h"

#include <algorithm>
#include <ctime>

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

Result<std::vector<std::string>> list_paths(FileSystem& fs, const std::string& directory) {
  std::vector<std::string> paths;
  Result<std::vector<DirectoryEntry>> entries = fs.list(directory);
  if (!entries && entries.error().code() != Errc::kNotFound) return std::move(entries).error();
  if (!entries) return paths;
  for (const DirectoryEntry& entry : *entries) {
    if (entry.kind == FileKind::kRegular && is_number(entry.name)) paths.push_back(join_path(directory, entry.name));
  }
  return paths;
}

// The log has all that an index file holds. What the disk refuses is no fault of the file.
bool made_again(const Status& status, LastExit last_exit) {
  return last_exit == LastExit::kCrash ? status.code() != Errc::kIoError : status.code() == Errc::kCorruption;
}

int64_t number_of(std::string_view path) { return std::stoll(base_name(path)); }

bool is_of(const std::optional<IndexMark>& mark, std::string_view path) {
  return mark && mark->file == number_of(path);
}

// Files are flushed when they are full, and the checkpoint remembers the last one's end.
bool on_disk(const IndexFile& file, EpochMs safe) { return file.full() && file.header().end_timestamp <= safe; }

enum class Believed : uint8_t { kNothing, kMark, kWhole };

// After a crash. A file that has a mark is believed no other way: it may have filled up since, at times before `safe`.
Believed believed_of(IndexFile& file, const std::optional<IndexMark>& mark, EpochMs safe) {
  if (is_of(mark, file.path())) return file.go_back_to(mark->header) ? Believed::kMark : Believed::kNothing;
  return on_disk(file, safe) ? Believed::kWhole : Believed::kNothing;
}

}  // namespace

IndexService::IndexService(FileSystem& fs, const Clock& clock, IndexServiceOptions options)
    : fs_(fs), clock_(clock), options_(std::move(options)), checkpoint_(fs, options_.checkpoint) {}

Status IndexService::load(LastExit last_exit, EpochMs safe) {
  MutexLock lock(mutex_);
  Result<std::vector<std::string>> paths = list_paths(fs_, options_.directory);
  if (!paths) return std::move(paths).error();
  if (Status status = drop_empty_last(*paths); !status.ok()) return status;
  MutexLock checkpoint_lock(checkpoint_mutex_);
  const bool crash = last_exit == LastExit::kCrash;
  Result<std::optional<IndexMark>> mark = crash ? checkpoint_.load() : std::optional<IndexMark>();
  if (!mark) return std::move(mark).error();
  bool back = false;
  size_t kept = 0;
  for (; kept < paths->size() && !back; ++kept) {
    const std::string& path = (*paths)[kept];
    Status status = open_file(path, *mark);
    if (!status.ok()) {
      if (!made_again(status, last_exit)) return status;
      break;
    }
    const Believed believed = crash ? believed_of(*files_.back(), *mark, safe) : Believed::kWhole;
    if (believed == Believed::kNothing) {
      files_.pop_back();
      break;
    }
    back = believed == Believed::kMark;
    if (!back && files_.back()->full()) safe_timestamp_ = files_.back()->header().end_timestamp;
  }
  if (!crash && kept == paths->size()) return {};
  if (Status status = back ? Status() : checkpoint_.forget(); !status.ok()) return status;
  missing_from_ = files_.empty() ? PhysicalOffset(0) : files_.back()->header().end_offset;
  return drop_from(*paths, kept);
}

Status IndexService::open_file(const std::string& path, const std::optional<IndexMark>& known) {
  Result<IndexGeometry> geometry = geometry_of(path, known);
  if (!geometry) return std::move(geometry).error();
  Result<std::unique_ptr<IndexFile>> opened = IndexFile::open(fs_, path, *geometry);
  if (!opened) return std::move(opened).error();
  options_.geometry = *geometry;
  files_.push_back(std::move(*opened));
  return {};
}

// An empty file of an unusual division does not give it away: it is taken for one like those before it. Nor does one
// whose newest entries a crash took.
Result<IndexGeometry> IndexService::geometry_of(const std::string& path, const std::optional<IndexMark>& known) const {
  Result<std::unique_ptr<File>> file = fs_.open(path, OpenMode::kRead);
  if (!file) return std::move(file).error();
  Result<uint64_t> size = (*file)->size();
  if (!size) return std::move(size).error();
  if (is_of(known, path) && *size == known->geometry.file_bytes()) return known->geometry;
  Result<IndexGeometry> detected = detect_index_geometry(**file);
  if (detected || detected.error().code() != Errc::kUnsupported) return detected;
  return *size == options_.geometry.file_bytes() ? Result<IndexGeometry>(options_.geometry) : std::move(detected);
}

// One without a length was left by a creation that failed, and nobody could remove it then.
Status IndexService::drop_empty_last(std::vector<std::string>& paths) {
  if (paths.empty()) return {};
  Result<FileStat> last = fs_.stat(paths.back());
  if (!last) return std::move(last).error();
  if (last->size_bytes > 0) return {};
  if (Status status = fs_.remove(paths.back()); !status.ok()) return status;
  paths.pop_back();
  return fs_.sync_directory(options_.directory);
}

// Newest first, so that a start that dies here leaves no hole.
Status IndexService::drop_from(const std::vector<std::string>& paths, size_t first) {
  if (first == paths.size()) return {};
  for (size_t i = paths.size(); i > first; --i) {
    if (Status status = fs_.remove(paths[i - 1]); !status.ok()) return status;
  }
  return fs_.sync_directory(options_.directory);
}

Status IndexService::put(const DispatchRequest& request) {
  if (!enters_index(request.sys_flag)) return {};
  MutexLock lock(mutex_);
  int32_t there = 0;
  if (!files_.empty()) {
    const PhysicalOffset end = files_.back()->header().end_offset;
    if (request.physical_offset < end) return {};
    if (request.physical_offset == end) there = entries_of(end);
  }
  const auto add = [&](int32_t hash) REQUIRES(mutex_) { return there-- > 0 ? Status() : put_key(hash, request); };
  if (request.has_uniq_key) {
    if (Status status = add(index_key_hash(request.topic, request.uniq_key)); !status.ok()) return status;
  }
  KeyCursor keys(request.keys);
  for (std::string_view key; keys.next(key);) {
    if (Status status = add(index_key_hash(request.topic, key)); !status.ok()) return status;
  }
  if (request.tags.empty() || options_.tags == TagEntries::kNone) return {};
  return add(index_tag_hash(request.topic, request.tags));
}

Status IndexService::truncate(PhysicalOffset log_end) {
  MutexLock lock(mutex_);
  if (files_.empty() || files_.back()->header().end_offset < log_end) return {};
  if (Status status = forget_mark(); !status.ok()) return status;
  while (!files_.empty() && files_.back()->header().end_offset >= log_end) {
    files_.back()->drop_entries_from(log_end);
    if (!files_.back()->empty()) return files_.back()->flush();
    if (Status status = fs_.remove(files_.back()->path()); !status.ok()) return status;
    if (Status status = fs_.sync_directory(options_.directory); !status.ok()) return status;
    files_.pop_back();
  }
  return {};
}

// A record's entries stand together, over two or more files where one fills up.
int32_t IndexService::entries_of(PhysicalOffset offset) const {
  int32_t count = 0;
  for (auto file = files_.rbegin(); file != files_.rend(); ++file) {
    const int32_t in_file = (*file)->trailing_entries_of(offset);
    count += in_file;
    if (in_file + 1 < (*file)->header().index_count) break;
  }
  return count;
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
  if (!leftover_.empty()) {
    Status status = fs_.remove(leftover_);
    if (!status.ok() && status.code() != Errc::kNotFound) return status;
  }
  leftover_ = join_path(options_.directory, next_name());
  Result<std::unique_ptr<IndexFile>> made =
      IndexFile::create(fs_, leftover_, options_.geometry, before ? &*before : nullptr);
  if (!made) return std::move(made).error();
  leftover_.clear();
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

std::vector<PhysicalOffset> IndexService::query(std::string_view topic, std::string_view key, size_t max, EpochMs begin,
                                                EpochMs end) const {
  const int32_t hash = index_key_hash(topic, key);
  std::vector<PhysicalOffset> found;
  MutexLock lock(mutex_);
  for (auto file = files_.rbegin(); file != files_.rend() && found.size() < max; ++file) {
    (*file)->query(hash, begin, end, max, found);
  }
  return found;
}

Status IndexService::flush() {
  std::shared_ptr<IndexFile> current;
  {
    MutexLock lock(mutex_);
    if (!files_.empty()) current = files_.back();
  }
  return current == nullptr ? Status() : current->flush();
}

Result<std::optional<IndexMark>> IndexService::mark() {
  std::shared_ptr<IndexFile> newest;
  IndexMark mark;
  {
    MutexLock lock(mutex_);
    if (files_.empty()) return std::optional<IndexMark>();
    newest = files_.back();
    mark = {.file = number_of(newest->path()), .geometry = newest->geometry(), .header = newest->header()};
  }
  if (Status status = newest->flush(); !status.ok()) return status;
  return std::optional(mark);
}

Status IndexService::forget_mark() {
  MutexLock lock(checkpoint_mutex_);
  kept_.reset();
  return checkpoint_.forget();
}

Status IndexService::keep(const IndexMark& mark) {
  MutexLock lock(checkpoint_mutex_);
  if (kept_ == mark) return {};
  kept_.reset();
  if (Status status = checkpoint_.save(mark); !status.ok()) return status;
  kept_ = mark;
  return {};
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

PhysicalOffset IndexService::end_offset() const {
  MutexLock lock(mutex_);
  return files_.empty() ? PhysicalOffset(0) : files_.back()->header().end_offset;
}

}  // namespace mqctl
