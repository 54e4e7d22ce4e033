#include "libstore/os/posix_mapped_region.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace mqctl {
namespace {

// Linux 5.14; older kernels answer EINVAL and the first write meets its page fault after all.
constexpr int kMadvPopulateWrite = 23;

uintptr_t page_bytes() {
  static const auto bytes = static_cast<uintptr_t>(::sysconf(_SC_PAGESIZE));
  return bytes;
}

struct PageRange {
  std::byte* start;
  size_t length;
};

class PosixMappedRegion final : public MappedRegion {
 public:
  PosixMappedRegion(void* data, size_t size, std::string path)
      : data_(static_cast<std::byte*>(data)), size_(size), path_(std::move(path)) {}
  ~PosixMappedRegion() override { ::munmap(data_, size_); }

  std::byte* data() const override { return data_; }
  size_t size() const override { return size_; }

  Status sync(size_t position, size_t length) override {
    const PageRange range = pages(position, length);
    if (range.length == 0 || ::msync(range.start, range.length, MS_SYNC) == 0) return {};
    return Status::from_errno("cannot sync", errno).at(path_, position);
  }

  void populate_write(size_t position, size_t length) override {
    const PageRange range = pages(position, length);
    if (range.length > 0) (void)::madvise(range.start, range.length, kMadvPopulateWrite);
  }

  // A store to each page, which no compiler may leave out. (MADV_POPULATE_WRITE needs Linux 5.14.)
  void mark_written(size_t position, size_t length) override {
    const PageRange range = pages(position, length);
    for (size_t at = 0; at < range.length; at += page_bytes()) {
      volatile std::byte* const page = range.start + at;
      *page = *page;
    }
  }

  void read_ahead(size_t position, ReadAhead how) override {
    const PageRange range = pages(position, size_);
    if (range.length > 0)
      (void)::madvise(range.start, range.length, how == ReadAhead::kNormal ? MADV_NORMAL : MADV_RANDOM);
  }

 private:
  PageRange pages(size_t position, size_t length) const {
    if (position >= size_) return {data_, 0};
    const size_t start = position / page_bytes() * page_bytes();
    const size_t end = position + std::min(length, size_ - position);
    return {data_ + start, end - start};
  }

  std::byte* const data_;
  const size_t size_;
  const std::string path_;
};

}  // namespace

Result<std::unique_ptr<MappedRegion>> map_file(int fd, const std::string& path, MapMode mode, uint64_t length) {
  const int protection = mode == MapMode::kRead ? PROT_READ : PROT_READ | PROT_WRITE;
  void* data = ::mmap(nullptr, length, protection, MAP_SHARED, fd, 0);
  if (data == MAP_FAILED) return Status::from_errno("cannot map", errno).at(path);
  return std::unique_ptr<MappedRegion>(std::make_unique<PosixMappedRegion>(data, length, path));
}

}  // namespace mqctl
