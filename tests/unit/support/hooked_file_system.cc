#include "tests/unit/support/hooked_file_system.h"

#include <utility>

namespace mqctl::test {
namespace {

class HookedRegion final : public MappedRegion {
 public:
  HookedRegion(std::unique_ptr<MappedRegion> base, const HookedFileSystem::Hook& hook, std::string path)
      : base_(std::move(base)), hook_(hook), path_(std::move(path)) {}
  std::byte* data() const override { return base_->data(); }
  size_t size() const override { return base_->size(); }
  Status sync(size_t position, size_t length) override {
    if (Status status = hook_(Operation::kMapSync, path_); !status.ok()) return status;
    return base_->sync(position, length);
  }
  void populate_write(size_t position, size_t length) override { base_->populate_write(position, length); }
  void mark_written(size_t position, size_t length) override { base_->mark_written(position, length); }

 private:
  std::unique_ptr<MappedRegion> base_;
  const HookedFileSystem::Hook& hook_;
  const std::string path_;
};

class HookedFile final : public File {
 public:
  HookedFile(std::unique_ptr<File> base, const HookedFileSystem::Hook& hook) : base_(std::move(base)), hook_(hook) {}
  const std::string& path() const override { return base_->path(); }
  Result<size_t> read_at(uint64_t position, MutableBytes into) override { return base_->read_at(position, into); }
  Status write_at(uint64_t position, Bytes bytes) override {
    if (Status status = hook_(Operation::kWrite, path()); !status.ok()) return status;
    return base_->write_at(position, bytes);
  }
  Status sync() override {
    if (Status status = hook_(Operation::kSync, path()); !status.ok()) return status;
    return base_->sync();
  }
  Status resize(uint64_t size_bytes) override {
    if (Status status = hook_(Operation::kResize, path()); !status.ok()) return status;
    return base_->resize(size_bytes);
  }
  Status allocate(uint64_t position, uint64_t length) override {
    if (Status status = hook_(Operation::kAllocate, path()); !status.ok()) return status;
    return base_->allocate(position, length);
  }
  Result<uint64_t> size() override { return base_->size(); }
  Result<uint64_t> allocated_bytes() override { return base_->allocated_bytes(); }
  Result<uint64_t> next_data(uint64_t from) override { return base_->next_data(from); }
  Result<uint64_t> next_hole(uint64_t from) override { return base_->next_hole(from); }
  Result<std::unique_ptr<MappedRegion>> map(MapMode mode, uint64_t length) override {
    Result<std::unique_ptr<MappedRegion>> region = base_->map(mode, length);
    if (!region) return region;
    return std::unique_ptr<MappedRegion>(std::make_unique<HookedRegion>(std::move(*region), hook_, path()));
  }
  Status set_modified(EpochMs time) override { return base_->set_modified(time); }
  void will_need(uint64_t position, uint64_t length) override { base_->will_need(position, length); }
  void dont_need(uint64_t position, uint64_t length) override { base_->dont_need(position, length); }
  Status lock_first_byte() override { return base_->lock_first_byte(); }
  Result<int64_t> lock_holder() override { return base_->lock_holder(); }

 private:
  std::unique_ptr<File> base_;
  const HookedFileSystem::Hook& hook_;
};

}  // namespace

Result<std::unique_ptr<File>> HookedFileSystem::open(const std::string& path, OpenMode mode) {
  if (mode == OpenMode::kOpenOrCreate || mode == OpenMode::kCreateExclusive) {
    if (Status status = hook_(Operation::kCreate, path); !status.ok()) return status;
  }
  Result<std::unique_ptr<File>> file = base_.open(path, mode);
  if (!file) return file;
  return std::unique_ptr<File>(std::make_unique<HookedFile>(std::move(*file), hook_));
}

Status HookedFileSystem::create_directories(const std::string& directory) {
  if (Status status = hook_(Operation::kMakeDirectories, directory); !status.ok()) return status;
  return base_.create_directories(directory);
}

Status HookedFileSystem::rename(const std::string& from, const std::string& to) {
  if (Status status = hook_(Operation::kRename, to); !status.ok()) return status;
  return base_.rename(from, to);
}

Status HookedFileSystem::remove(const std::string& path) {
  if (Status status = hook_(Operation::kRemove, path); !status.ok()) return status;
  return base_.remove(path);
}

Status HookedFileSystem::sync_directory(const std::string& directory) {
  if (Status status = hook_(Operation::kSyncDirectory, directory); !status.ok()) return status;
  return base_.sync_directory(directory);
}

}  // namespace mqctl::test
