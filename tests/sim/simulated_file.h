// What a SimulatedDisk gives out: files and mappings. They outlive neither their disk nor, as with a real one, lose
// their bytes when the name is removed.
#pragma once

#include <memory>
#include <string>

#include "libstore/os/file.h"
#include "tests/sim/simulated_disk.h"

namespace mqctl::sim {

class SimulatedRegion final : public MappedRegion {
 public:
  SimulatedRegion(SimulatedDisk& disk, std::shared_ptr<Inode> inode, std::string path, uint64_t length)
      : disk_(disk), inode_(std::move(inode)), path_(std::move(path)), length_(length) {
    ++inode_->mappings;
  }
  ~SimulatedRegion() override { --inode_->mappings; }
  std::byte* data() const override { return inode_->data(); }
  size_t size() const override { return length_; }
  Status sync(size_t position, size_t length) override;
  void populate_write(size_t, size_t) override {}
  void mark_written(size_t position, size_t length) override { inode_->mark_written(position, length); }

 private:
  SimulatedDisk& disk_;
  const std::shared_ptr<Inode> inode_;
  const std::string path_;
  const uint64_t length_;
};

class SimulatedFile final : public File {
 public:
  SimulatedFile(SimulatedDisk& disk, std::shared_ptr<Inode> inode, std::string path)
      : disk_(disk), inode_(std::move(inode)), path_(std::move(path)) {}
  const std::string& path() const override { return path_; }
  Result<size_t> read_at(uint64_t position, MutableBytes into) override;
  Status write_at(uint64_t position, Bytes bytes) override;
  Status sync() override;
  Status resize(uint64_t size_bytes) override;
  Status allocate(uint64_t position, uint64_t length) override;
  Result<uint64_t> size() override;
  Result<uint64_t> allocated_bytes() override { return inode_->allocated_bytes(); }
  Result<uint64_t> next_data(uint64_t from) override;
  Result<uint64_t> next_hole(uint64_t from) override;
  Result<std::unique_ptr<MappedRegion>> map(MapMode mode, uint64_t length) override;
  Status set_modified(EpochMs time) override;
  void will_need(uint64_t, uint64_t) override {}
  void dont_need(uint64_t, uint64_t) override {}
  Status lock_first_byte() override { return disk_.before_call("lock", path_); }
  Result<int64_t> lock_holder() override { return Status::error(Errc::kNotFound, "nobody holds the lock").at(path_); }

 private:
  SimulatedDisk& disk_;
  const std::shared_ptr<Inode> inode_;
  const std::string path_;
};

}  // namespace mqctl::sim
