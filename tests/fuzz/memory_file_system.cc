#include "tests/fuzz/memory_file_system.h"

#include <algorithm>
#include <cstring>

#include "tests/fuzz/require.h"

namespace mqctl::test {
namespace {

Status missing(const std::string& path) { return Status::error(Errc::kNotFound, "there is none").at(path); }

class MemoryRegion final : public MappedRegion {
 public:
  MemoryRegion(std::shared_ptr<MemoryInode> inode, std::byte* data, size_t size)
      : inode_(std::move(inode)), data_(data), size_(size) {}
  ~MemoryRegion() override {
    MutexLock lock(inode_->mutex);
    --inode_->mappings;
  }
  std::byte* data() const override { return data_; }
  size_t size() const override { return size_; }
  Status sync(size_t, size_t) override { return {}; }
  void populate_write(size_t, size_t) override {}
  void mark_written(size_t, size_t) override {}

 private:
  const std::shared_ptr<MemoryInode> inode_;
  std::byte* const data_;
  const size_t size_;
};

void grow(MemoryInode& inode, size_t size) REQUIRES(inode.mutex) {
  if (size > inode.content.size()) {
    REQUIRE(inode.mappings == 0);  // libstore never does it
    inode.content.resize(size);
  }
  inode.size = std::max(inode.size, size);
}

class MemoryFile final : public File {
 public:
  MemoryFile(std::shared_ptr<MemoryInode> inode, std::string path) : inode_(std::move(inode)), path_(std::move(path)) {}
  const std::string& path() const override { return path_; }
  Result<size_t> read_at(uint64_t position, MutableBytes into) override {
    MutexLock lock(inode_->mutex);
    if (position >= inode_->size) return size_t{0};
    const size_t length = std::min<size_t>(into.size(), inode_->size - position);
    if (length > 0) std::memcpy(into.data(), inode_->content.data() + position, length);
    return length;
  }
  Status write_at(uint64_t position, Bytes bytes) override {
    MutexLock lock(inode_->mutex);
    grow(*inode_, position + bytes.size());
    if (!bytes.empty()) std::memcpy(inode_->content.data() + position, bytes.data(), bytes.size());
    return {};
  }
  Status sync() override { return {}; }
  Status resize(uint64_t size_bytes) override {
    MutexLock lock(inode_->mutex);
    grow(*inode_, size_bytes);
    std::fill(inode_->content.begin() + static_cast<ptrdiff_t>(size_bytes), inode_->content.end(), std::byte{0});
    inode_->size = size_bytes;
    return {};
  }
  Status allocate(uint64_t, uint64_t) override { return {}; }
  Result<uint64_t> size() override {
    MutexLock lock(inode_->mutex);
    return uint64_t{inode_->size};
  }
  Result<uint64_t> allocated_bytes() override { return size(); }
  Result<uint64_t> next_data(uint64_t from) override { return std::min(from, *size()); }
  Result<std::unique_ptr<MappedRegion>> map(MapMode, uint64_t length) override {
    MutexLock lock(inode_->mutex);
    REQUIRE(length <= inode_->size);
    ++inode_->mappings;
    return std::unique_ptr<MappedRegion>(std::make_unique<MemoryRegion>(inode_, inode_->content.data(), length));
  }
  Status set_modified(EpochMs time) override {
    MutexLock lock(inode_->mutex);
    inode_->modified = time;
    return {};
  }
  void will_need(uint64_t, uint64_t) override {}
  void dont_need(uint64_t, uint64_t) override {}
  Status lock_first_byte() override { return {}; }
  Result<int64_t> lock_holder() override { return missing(path_); }

 private:
  const std::shared_ptr<MemoryInode> inode_;
  const std::string path_;
};

bool lies_in(const std::string& path, const std::string& directory) {
  return path.size() > directory.size() + 1 && path.starts_with(directory) && path[directory.size()] == '/' &&
         path.find('/', directory.size() + 1) == std::string::npos;
}

}  // namespace

void MemoryFileSystem::put(const std::string& path, Bytes content) {
  REQUIRE(create_directories(parent_path(path)).ok());
  auto inode = std::make_shared<MemoryInode>();
  {
    MutexLock lock(inode->mutex);
    inode->content.assign(content.begin(), content.end());
    inode->size = content.size();
  }
  MutexLock lock(mutex_);
  names_[path] = std::move(inode);
}

std::map<std::string, std::string> MemoryFileSystem::files() const {
  MutexLock lock(mutex_);
  std::map<std::string, std::string> all;
  for (const auto& [path, inode] : names_) {
    if (inode == nullptr) continue;
    MutexLock inode_lock(inode->mutex);
    all[path] = as_text(Bytes(inode->content).first(inode->size));
  }
  return all;
}

Result<std::unique_ptr<File>> MemoryFileSystem::open(const std::string& path, OpenMode mode) {
  MutexLock lock(mutex_);
  const auto found = names_.find(path);
  const bool there = found != names_.end();
  if (there && found->second == nullptr) return Status::error(Errc::kInvalidArgument, "is a directory").at(path);
  if (there && mode == OpenMode::kCreateExclusive) return Status::error(Errc::kExists, "is there").at(path);
  if (!there && (mode == OpenMode::kRead || mode == OpenMode::kReadWrite)) return missing(path);
  if (!there && !names_.contains(parent_path(path))) return missing(parent_path(path));
  InodePtr& inode = names_[path];
  if (inode == nullptr) inode = std::make_shared<MemoryInode>();
  return std::unique_ptr<File>(std::make_unique<MemoryFile>(inode, path));
}

Result<FileStat> MemoryFileSystem::stat(const std::string& path) {
  MutexLock lock(mutex_);
  const auto found = names_.find(path);
  if (found == names_.end()) return missing(path);
  if (found->second == nullptr) return FileStat{FileKind::kDirectory, 0, 0, {}};
  MutexLock inode_lock(found->second->mutex);
  return FileStat{FileKind::kRegular, found->second->size, found->second->size, found->second->modified};
}

Result<std::vector<DirectoryEntry>> MemoryFileSystem::list(const std::string& directory) {
  MutexLock lock(mutex_);
  const auto found = names_.find(directory);
  if (found == names_.end() || found->second != nullptr) return missing(directory);
  std::vector<DirectoryEntry> entries;
  for (auto each = names_.upper_bound(directory); each != names_.end() && each->first.starts_with(directory); ++each) {
    if (!lies_in(each->first, directory)) continue;
    entries.push_back({base_name(each->first), each->second == nullptr ? FileKind::kDirectory : FileKind::kRegular});
  }
  return entries;
}

Status MemoryFileSystem::create_directories(const std::string& directory) {
  MutexLock lock(mutex_);
  for (std::string path = directory; path.size() > 1; path = parent_path(path)) {
    const auto found = names_.find(path);
    if (found != names_.end() && found->second != nullptr) {
      return Status::error(Errc::kExists, "is there and not a directory").at(path);
    }
    names_[path] = nullptr;
  }
  return {};
}

Status MemoryFileSystem::rename(const std::string& from, const std::string& to) {
  MutexLock lock(mutex_);
  const auto found = names_.find(from);
  if (found == names_.end()) return missing(from);
  InodePtr inode = found->second;
  names_.erase(found);
  names_[to] = std::move(inode);
  return {};
}

Status MemoryFileSystem::remove(const std::string& path) {
  MutexLock lock(mutex_);
  const auto found = names_.find(path);
  if (found == names_.end()) return missing(path);
  const auto next = std::next(found);
  if (found->second == nullptr && next != names_.end() && next->first.starts_with(path + "/")) {
    return Status::error(Errc::kExists, "the directory is not empty").at(path);
  }
  names_.erase(found);
  return {};
}

}  // namespace mqctl::test
