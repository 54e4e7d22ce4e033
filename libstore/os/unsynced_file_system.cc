#include "libstore/os/unsynced_file_system.h"

#include <utility>

namespace mqctl {
namespace {

class UnsyncedRegion final : public MappedRegion {
 public:
  explicit UnsyncedRegion(std::unique_ptr<MappedRegion> base) : base_(std::move(base)) {}
  std::byte* data() const override { return base_->data(); }
  size_t size() const override { return base_->size(); }
  Status sync(size_t, size_t) override { return {}; }
  void populate_write(size_t position, size_t length) override { base_->populate_write(position, length); }
  void mark_written(size_t position, size_t length) override { base_->mark_written(position, length); }

 private:
  std::unique_ptr<MappedRegion> base_;
};

class UnsyncedFile final : public File {
 public:
  explicit UnsyncedFile(std::unique_ptr<File> base) : base_(std::move(base)) {}
  const std::string& path() const override { return base_->path(); }
  Result<size_t> read_at(uint64_t position, MutableBytes into) override { return base_->read_at(position, into); }
  Status write_at(uint64_t position, Bytes bytes) override { return base_->write_at(position, bytes); }
  Status sync() override { return {}; }
  Status resize(uint64_t size_bytes) override { return base_->resize(size_bytes); }
  Status allocate(uint64_t position, uint64_t length) override { return base_->allocate(position, length); }
  Result<uint64_t> size() override { return base_->size(); }
  Result<uint64_t> allocated_bytes() override { return base_->allocated_bytes(); }
  Result<uint64_t> next_data(uint64_t from) override { return base_->next_data(from); }
  Result<uint64_t> next_hole(uint64_t from) override { return base_->next_hole(from); }
  Result<std::unique_ptr<MappedRegion>> map(MapMode mode, uint64_t length) override {
    Result<std::unique_ptr<MappedRegion>> region = base_->map(mode, length);
    if (!region) return region;
    return std::unique_ptr<MappedRegion>(std::make_unique<UnsyncedRegion>(std::move(*region)));
  }
  Status set_modified(EpochMs time) override { return base_->set_modified(time); }
  void will_need(uint64_t position, uint64_t length) override { base_->will_need(position, length); }
  void dont_need(uint64_t position, uint64_t length) override { base_->dont_need(position, length); }
  Status lock_first_byte() override { return base_->lock_first_byte(); }
  Result<int64_t> lock_holder() override { return base_->lock_holder(); }

 private:
  std::unique_ptr<File> base_;
};

}  // namespace

Result<std::unique_ptr<File>> UnsyncedFileSystem::open(const std::string& path, OpenMode mode) {
  Result<std::unique_ptr<File>> file = base_.open(path, mode);
  if (!file) return file;
  return std::unique_ptr<File>(std::make_unique<UnsyncedFile>(std::move(*file)));
}

}  // namespace mqctl
