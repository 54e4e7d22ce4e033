// AllocateMappedFileService: makes the next segment before it is needed and touches pages ahead of the writer, on a
// thread of its own (Apache: AllocateMappedFileService and warmMappedFile).
//
// Requests stand in a table by path and are worked off in order of file name, the lowest first. A writer waits for its
// own request, never for another's, and no longer than the time limit; a request that timed out stays in the table
// and serves the next call for that path. Files that were made and never taken are removed by
// shutdown(), those that somebody else had laid out are left.
// Thread-safe.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <thread>

#include "libstore/base/background.h"
#include "libstore/base/mutex.h"
#include "libstore/base/result.h"
#include "libstore/log/mapped_file.h"

namespace mqctl {

struct FileRequest {
  std::string path;
  int64_t first_offset = 0;
  uint64_t size_bytes = 0;
};

struct AllocateOptions {
  std::chrono::milliseconds wait_limit{5000};
  // How far ahead of the writer pages are touched; 0: not at all. Measured: docs/design-notes.md, "page window".
  uint64_t populate_window_bytes = 4u << 20;
  Background background = Background::kThreads;
};

class AllocateMappedFileService {
 public:
  AllocateMappedFileService(FileSystem& fs, AllocateOptions options);
  ~AllocateMappedFileService();

  // Asks for a file to be made; returns at once.
  void prepare(const FileRequest& request) EXCLUDES(mutex_);
  // The file, made now if it was not asked for before. kTimedOut after the limit; the error of making it otherwise
  // (the next call tries again).
  Result<std::unique_ptr<MappedFile>> take(const FileRequest& request) EXCLUDES(mutex_);
  // The writer stands at this position: has the window behind it touched. Cheap; drops what it cannot queue.
  void writer_at(MappedFile& file, uint64_t position) EXCLUDES(mutex_);
  // One piece of work, if there is any. REQUIRES: Background::kSteps.
  void step() EXCLUDES(mutex_);
  // Stops the thread, removes what was made and not taken. Idempotent.
  Status shutdown() EXCLUDES(mutex_);

 private:
  struct Request {
    FileRequest wanted;
    bool done = false;
    bool in_work = false;
    Status failure;
    std::unique_ptr<MappedFile> file;
    bool adopted = false;  // it was there before us, and stays when it is not used
  };
  void run() EXCLUDES(mutex_);
  bool serve_request() REQUIRES(mutex_);
  bool serve_window() REQUIRES(mutex_);
  void make(Request& request) REQUIRES(mutex_);
  std::shared_ptr<Request> find_or_add(const FileRequest& request) REQUIRES(mutex_);

  FileSystem& fs_;
  const AllocateOptions options_;
  Mutex mutex_;
  CondVar work_;
  CondVar done_;
  std::map<std::string, std::shared_ptr<Request>> table_ GUARDED_BY(mutex_);  // by base name, then path
  MappedFile* window_file_ GUARDED_BY(mutex_) = nullptr;
  uint64_t window_position_ GUARDED_BY(mutex_) = 0;
  bool stopping_ GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace mqctl
