// One read-only file of given bytes under every name: what fuzzers of readers need of a disk.
#pragma once

#include <algorithm>
#include <memory>
#include <string>

#include "libstore/os/file_system.h"

namespace mqctl::test {

inline Status not_here() { return Status::error(Errc::kUnsupported, "not in memory"); }

class MemoryFile final : public File {
 public:
  explicit MemoryFile(Bytes content) : content_(content) {}
  const std::string& path() const override { return path_; }
  Result<size_t> read_at(uint64_t position, MutableBytes into) override {
    if (position >= content_.size()) return size_t{0};
    const Bytes rest = content_.subspan(static_cast<size_t>(position));
    const size_t size = std::min(rest.size(), into.size());
    std::copy_n(rest.begin(), size, into.begin());
    return size;
  }
  Status write_at(uint64_t, Bytes) override { return not_here(); }
  Status sync() override { return not_here(); }
  Status resize(uint64_t) override { return not_here(); }
  Status allocate(uint64_t, uint64_t, AllocateMode) override { return not_here(); }
  Result<uint64_t> size() override { return uint64_t{content_.size()}; }
  Result<uint64_t> allocated_bytes() override { return uint64_t{content_.size()}; }
  Result<uint64_t> next_data(uint64_t from) override { return from; }
  Result<std::unique_ptr<MappedRegion>> map(MapMode, uint64_t) override { return not_here(); }
  Status set_modified(EpochMs) override { return not_here(); }
  void will_need(uint64_t, uint64_t) override {}
  void dont_need(uint64_t, uint64_t) override {}
  Status lock_first_byte() override { return not_here(); }
  Result<int64_t> lock_holder() override { return not_here(); }

 private:
  const Bytes content_;
  const std::string path_ = "memory";
};

class MemoryFileSystem final : public FileSystem {
 public:
  explicit MemoryFileSystem(Bytes content) : content_(content) {}
  Result<std::unique_ptr<File>> open(const std::string&, OpenMode) override {
    return std::unique_ptr<File>(std::make_unique<MemoryFile>(content_));
  }
  Result<FileStat> stat(const std::string&) override {
    return FileStat{FileKind::kRegular, content_.size(), content_.size(), {}};
  }
  Result<std::vector<DirectoryEntry>> list(const std::string&) override { return not_here(); }
  Status create_directories(const std::string&) override { return not_here(); }
  Status rename(const std::string&, const std::string&) override { return not_here(); }
  Status remove(const std::string&) override { return not_here(); }
  Status sync_directory(const std::string&) override { return not_here(); }
  Result<SpaceInfo> space(const std::string&) override { return not_here(); }

 private:
  const Bytes content_;
};

}  // namespace mqctl::test
