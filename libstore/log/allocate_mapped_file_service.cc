#include "libstore/log/allocate_mapped_file_service.h"

#include <utility>

namespace mqctl {
namespace {

// File names sort by offset; the directory follows so that two queues may ask for the same name.
std::string table_key(const FileRequest& request) { return base_name(request.path) + '/' + request.path; }

// A file that is already there, all zeros, was laid out ahead by somebody (`preallocate`, or a crash before its first
// record): recovery has seen it and found nothing in it.
Result<std::unique_ptr<MappedFile>> create_or_adopt(FileSystem& fs, const FileRequest& request, bool& adopted) {
  Result<std::unique_ptr<MappedFile>> made =
      MappedFile::create(fs, request.path, request.first_offset, request.size_bytes, Blocks::kWhole);
  adopted = !made && made.error().code() == Errc::kExists;
  if (!adopted) return made;
  // Without a length it is what a creation left that failed.
  const Result<FileStat> stat = fs.stat(request.path);
  if (stat && stat->size_bytes == 0 && fs.remove(request.path).ok()) {
    adopted = false;
    return MappedFile::create(fs, request.path, request.first_offset, request.size_bytes, Blocks::kWhole);
  }
  Result<std::unique_ptr<MappedFile>> found =
      MappedFile::open(fs, request.path, request.first_offset, request.size_bytes);
  if (!found) return found;
  (*found)->set_positions(0);
  if (Status status = (*found)->zero_tail(); !status.ok()) return status;
  // Whoever made it may have died before it was on disk.
  if (Status status = (*found)->sync(); !status.ok()) return status;
  if (Status status = fs.sync_directory(parent_path(request.path)); !status.ok()) return status;
  return found;
}

}  // namespace

AllocateMappedFileService::AllocateMappedFileService(FileSystem& fs, AllocateOptions options)
    : fs_(fs), options_(options) {
  if (options_.background == Background::kThreads) thread_ = std::thread([this] { run(); });
}

AllocateMappedFileService::~AllocateMappedFileService() {
  (void)shutdown();  // the owner that wants the answer has called it before
}

std::shared_ptr<AllocateMappedFileService::Request> AllocateMappedFileService::find_or_add(const FileRequest& request) {
  std::shared_ptr<Request>& entry = table_[table_key(request)];
  if (entry == nullptr) {
    entry = std::make_shared<Request>();
    entry->wanted = request;
    work_.notify_one();
  }
  return entry;
}

void AllocateMappedFileService::prepare(const FileRequest& request) {
  MutexLock lock(mutex_);
  if (!stopping_) find_or_add(request);
}

Result<std::unique_ptr<MappedFile>> AllocateMappedFileService::take(const FileRequest& request) {
  const auto deadline = std::chrono::steady_clock::now() + options_.wait_limit;
  MutexLock lock(mutex_);
  if (stopping_) return Status::error(Errc::kBusy, "the store is shutting down").at(request.path);
  std::shared_ptr<Request> mine = find_or_add(request);
  if (mine->done && !mine->failure.ok()) {  // made ahead and failed: the cause may be gone by now
    table_.erase(table_key(request));
    mine = find_or_add(request);
  }
  while (!mine->done && !stopping_) {
    if (options_.background == Background::kSteps) {
      serve_request();
      continue;
    }
    const auto left = deadline - std::chrono::steady_clock::now();
    if (left <= std::chrono::nanoseconds::zero()) {
      return Status::error(Errc::kTimedOut, "the next segment was not ready in time").at(request.path);
    }
    done_.wait_for(mutex_, left);
  }
  if (!mine->done) return Status::error(Errc::kBusy, "the store is shutting down").at(request.path);
  table_.erase(table_key(request));
  if (!mine->failure.ok()) return mine->failure;
  return std::move(mine->file);
}

void AllocateMappedFileService::writer_at(MappedFile& file, uint64_t position) {
  if (options_.populate_window_bytes == 0) return;
  MutexLock lock(mutex_);
  window_file_ = &file;
  window_position_ = position;
  work_.notify_one();
}

void AllocateMappedFileService::run() {
  MutexLock lock(mutex_);
  while (!stopping_) {
    // The writer's own pages first: they are needed sooner than the next file.
    if (serve_window() || serve_request()) continue;
    work_.wait(mutex_);
  }
}

void AllocateMappedFileService::step() {
  MutexLock lock(mutex_);
  if (!serve_window()) serve_request();
}

bool AllocateMappedFileService::serve_window() {
  if (window_file_ == nullptr) return false;
  MappedFile* file = std::exchange(window_file_, nullptr);
  const uint64_t position = window_position_;
  mutex_.unlock();
  file->populate_ahead(position, options_.populate_window_bytes);
  mutex_.lock();
  return true;
}

bool AllocateMappedFileService::serve_request() {
  for (const auto& [key, request] : table_) {
    if (request->done || request->in_work) continue;
    const std::shared_ptr<Request> mine = request;
    make(*mine);
    return true;
  }
  return false;
}

void AllocateMappedFileService::make(Request& request) {
  request.in_work = true;
  const FileRequest wanted = request.wanted;
  mutex_.unlock();
  bool adopted = false;
  Result<std::unique_ptr<MappedFile>> made = create_or_adopt(fs_, wanted, adopted);
  if (made) (*made)->populate_ahead(0, options_.populate_window_bytes);
  mutex_.lock();
  request.in_work = false;
  request.adopted = adopted;
  request.done = true;
  if (made) {
    request.file = std::move(*made);
  } else {
    request.failure = made.error();
  }
  done_.notify_all();
}

Status AllocateMappedFileService::shutdown() {
  {
    MutexLock lock(mutex_);
    if (stopping_) return {};
    stopping_ = true;
    work_.notify_all();
    done_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
  MutexLock lock(mutex_);
  Status outcome;
  for (const auto& [key, request] : table_) {
    if (request->file == nullptr || request->adopted) continue;
    if (Status status = request->file->destroy(); !status.ok() && outcome.ok()) outcome = status;
  }
  table_.clear();
  return outcome;
}

}  // namespace mqctl
