#include "libstore/log/mapped_file_queue.h"

#include <algorithm>
#include <utility>

#include "libstore/log/allocate_mapped_file_service.h"
#include "libstore/log/segment_name.h"

namespace mqctl {

struct MappedFileQueue::Found {
  int64_t offset;
  std::string path;
  uint64_t size_bytes;
};

std::string offset_file_name(int64_t offset) {
  std::string digits = std::to_string(offset);
  return std::string(kSegmentNameDigits - std::min(kSegmentNameDigits, digits.size()), '0') + digits;
}

MappedFileQueue::MappedFileQueue(FileSystem& fs, MappedFileQueueOptions options)
    : fs_(fs), options_(std::move(options)) {}

Result<std::vector<MappedFileQueue::Found>> MappedFileQueue::list_files() {
  std::vector<Found> files;
  std::vector<std::string> directories = options_.directories;
  directories.insert(directories.end(), options_.read_only_directories.begin(), options_.read_only_directories.end());
  for (const std::string& directory : directories) {
    Result<std::vector<DirectoryEntry>> entries = fs_.list(directory);
    if (!entries && entries.error().code() == Errc::kNotFound) continue;
    if (!entries) return std::move(entries).error();
    for (const DirectoryEntry& entry : *entries) {
      const std::string path = join_path(directory, entry.name);
      const std::optional<int64_t> offset = offset_of_segment_name(entry.name);
      if (!offset) {
        if (entry.kind != FileKind::kDirectory) strays_.push_back(path);
        continue;
      }
      if (entry.kind != FileKind::kRegular) return Status::error(Errc::kCorruption, "is not a regular file").at(path);
      Result<FileStat> stat = fs_.stat(path);
      if (!stat) return std::move(stat).error();
      files.push_back({*offset, path, stat->size_bytes});
    }
  }
  std::sort(files.begin(), files.end(), [](const Found& a, const Found& b) { return a.offset < b.offset; });
  return files;
}

Status MappedFileQueue::load() {
  Result<std::vector<Found>> files = list_files();
  if (!files) return std::move(files).error();
  if (!files->empty() && files->back().size_bytes == 0) {
    if (Status status = fs_.remove(files->back().path); !status.ok()) return status;
    files->pop_back();
  }
  for (const Found& found : *files) {
    const MappedFile* before = last();
    if (before != nullptr && found.offset != before->end_offset()) {
      return Status::error(Errc::kCorruption, "does not follow " + before->path() + ", which ends at " +
                                                  std::to_string(before->end_offset()))
          .at(found.path);
    }
    Result<std::unique_ptr<MappedFile>> file = MappedFile::open(fs_, found.path, found.offset, options_.file_bytes);
    if (!file) return std::move(file).error();
    owned_.push_back(std::move(*file));
    table_.push_back(owned_.back().get());
  }
  set_flushed_where(max_offset());
  return {};
}

int64_t MappedFileQueue::min_offset() const {
  const MappedFile* file = first();
  return file == nullptr ? 0 : file->first_offset();
}

int64_t MappedFileQueue::max_offset() const {
  const MappedFile* file = last();
  return file == nullptr ? 0 : file->first_offset() + static_cast<int64_t>(file->wrote_position());
}

std::string MappedFileQueue::path_for(int64_t offset) const {
  const auto number = static_cast<uint64_t>(offset) / options_.file_bytes;
  const std::string& directory = options_.directories[number % options_.directories.size()];
  return join_path(directory, offset_file_name(offset));
}

Result<std::unique_ptr<MappedFile>> MappedFileQueue::make(int64_t offset) {
  const std::string path = path_for(offset);
  if (Status status = fs_.create_directories(parent_path(path)); !status.ok()) return status;
  if (options_.allocator != nullptr) return options_.allocator->take({path, offset, options_.file_bytes});
  Result<std::unique_ptr<MappedFile>> made =
      MappedFile::create(fs_, path, offset, options_.file_bytes, options_.blocks);
  if (made || made.error().code() != Errc::kExists) return made;
  // load() has seen all that was there: a creation that failed left this, and nobody could remove it then.
  if (Status status = fs_.remove(path); !status.ok()) return status;
  return MappedFile::create(fs_, path, offset, options_.file_bytes, options_.blocks);
}

Result<MappedFile*> MappedFileQueue::writable(int64_t start_offset) {
  MappedFile* current = last();
  if (current != nullptr && !current->full()) return current;
  const auto bytes = static_cast<int64_t>(options_.file_bytes);
  const int64_t offset = current != nullptr ? current->end_offset() : start_offset - start_offset % bytes;
  Result<std::unique_ptr<MappedFile>> made = make(offset);
  if (!made) return std::move(made).error();
  return add(std::move(*made));
}

MappedFile* MappedFileQueue::add(std::unique_ptr<MappedFile> file) {
  owned_.push_back(std::move(file));
  table_.push_back(owned_.back().get());
  return owned_.back().get();
}

void MappedFileQueue::prepare_next() {
  const MappedFile* current = last();
  if (options_.allocator == nullptr || current == nullptr) return;
  const int64_t offset = current->end_offset();
  options_.allocator->prepare({path_for(offset), offset, options_.file_bytes});
}

int MappedFileQueue::set_spares_aside(int64_t offset) {
  // A spare behind a file that truncate() removes would leave a gap in the log: then there are none.
  for (MappedFile* file = last(); file != first() && file->first_offset() >= offset;
       file = find(file->first_offset() - 1)) {
    if (!file->all_zeros()) return 0;
  }
  int spares = 0;
  while (file_count() > 1 && last()->first_offset() >= offset) {
    MappedFile* file = last();
    table_.pop_back();
    file->shutdown();
    ++spares;
  }
  return spares;
}

uint64_t MappedFileQueue::data_bytes_behind(int64_t offset) {
  int64_t last_data = offset;
  for (MappedFile* file = find(offset); file != nullptr; file = next(*file)) {
    const int64_t start = std::max(offset, file->first_offset());
    const uint64_t end = file->data_end(static_cast<uint64_t>(start - file->first_offset()));
    if (end > 0) last_data = std::max(last_data, file->first_offset() + static_cast<int64_t>(end));
  }
  return static_cast<uint64_t>(last_data - offset);
}

Status MappedFileQueue::truncate(int64_t offset) {
  while (last() != nullptr && last()->first_offset() >= offset && file_count() > 1) {
    MappedFile* file = last();
    table_.pop_back();
    if (Status status = file->destroy(); !status.ok()) return status;
  }
  MappedFile* file = last();
  if (file == nullptr) return {};
  const int64_t in_file = std::clamp<int64_t>(offset - file->first_offset(), 0, static_cast<int64_t>(file->size()));
  file->set_positions(static_cast<uint64_t>(in_file));
  set_flushed_where(max_offset());
  return file->zero_tail();
}

Status MappedFileQueue::drop_first() {
  if (undeleted_ == nullptr) {
    undeleted_ = first();
    table_.pop_front();
  }
  Status status = undeleted_->destroy();
  if (status.ok()) undeleted_ = nullptr;
  return status;
}

Status MappedFileQueue::destroy() {
  Status outcome;
  for (; last() != nullptr; table_.pop_back()) undestroyed_.push_back(last());
  std::erase_if(undestroyed_, [&](MappedFile* file) {
    Status status = file->destroy();
    if (!status.ok() && outcome.ok()) outcome = status;
    return status.ok();
  });
  set_flushed_where(0);
  return outcome;
}

Status MappedFileQueue::sync_from(int64_t offset, int64_t doubtful) {
  for (MappedFile* file = find(std::max(offset, min_offset())); file != nullptr; file = next(*file)) {
    const int64_t in_file = std::max<int64_t>(doubtful - file->first_offset(), 0);
    if (Status status = file->sync_anew(static_cast<uint64_t>(in_file)); !status.ok()) return status;
  }
  return sync_directories();
}

Status MappedFileQueue::sync_directories() {
  for (const std::string& directory : options_.directories) {
    Status status = fs_.sync_directory(directory);
    if (!status.ok() && status.code() != Errc::kNotFound) return status;
  }
  return {};
}

Status MappedFileQueue::flush() {
  MutexLock lock(flush_mutex_);
  const int64_t target = max_offset();
  int64_t where = std::max(flushed_where(), min_offset());
  while (where < target) {
    MappedFile* file = find(where);
    if (file == nullptr) {  // retention has gone on meanwhile
      if (min_offset() <= where) break;
      where = min_offset();
      continue;
    }
    if (Status status = file->flush(); !status.ok()) return status;
    const int64_t flushed = file->first_offset() + static_cast<int64_t>(file->flushed_position());
    if (flushed <= where) break;
    where = flushed;
    set_flushed_where(where);
  }
  return {};
}

}  // namespace mqctl
