#include "tests/bench/limits.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <vector>

#include "libstore/base/crc32.h"
#include "tests/bench/workspace.h"

namespace mqctl {
namespace {

std::string limit_file() { return work_directory() + "/limit"; }

// A file of real blocks, mapped.
class FreshMapping {
 public:
  explicit FreshMapping(uint64_t bytes) : bytes_(bytes) {
    ::unlink(limit_file().c_str());
    fd_ = ::open(limit_file().c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (fd_ < 0 || ::fallocate(fd_, 0, 0, static_cast<off_t>(bytes)) != 0) fail("fallocate");
    void* const mapped = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd_, 0);
    if (mapped == MAP_FAILED) fail("mmap");
    data_ = static_cast<char*>(mapped);
  }
  ~FreshMapping() {
    ::munmap(data_, bytes_);
    ::close(fd_);
    ::unlink(limit_file().c_str());
  }
  char* data() const { return data_; }
  int fd() const { return fd_; }

 private:
  const uint64_t bytes_;
  int fd_ = -1;
  char* data_ = nullptr;
};

uint64_t size_of(int fd) {
  struct stat status {};
  if (::fstat(fd, &status) != 0) fail("fstat");
  return static_cast<uint64_t>(status.st_size);
}

}  // namespace

Sample copy_into_fresh_mapping(size_t record_bytes, uint64_t total_bytes) {
  const std::vector<char> record(record_bytes, 'r');
  std::vector<double> times;
  for (int i = 0; i < kRuns; ++i) {
    warm_memory();
    const FreshMapping mapping(total_bytes);
    times.push_back(seconds_of([&] {
      for (uint64_t at = 0; at + record_bytes <= total_bytes; at += record_bytes) {
        std::memcpy(mapping.data() + at, record.data(), record_bytes);
      }
    }));
  }
  return rates(times, static_cast<double>(total_bytes));
}

Sample crc_of_file(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  const uint64_t bytes = size_of(fd);
  void* const mapped = ::mmap(nullptr, bytes, PROT_READ, MAP_SHARED | MAP_POPULATE, fd, 0);
  if (mapped == MAP_FAILED) fail("mmap");
  volatile uint32_t sink = 0;
  const std::vector<double> times = timed_runs(
      kRuns, [] {},
      [&] {
        sink = masked_crc32({static_cast<const std::byte*>(mapped), bytes});
      });
  ::munmap(mapped, bytes);
  ::close(fd);
  return rates(times, static_cast<double>(bytes));
}

Sample read_of_file(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  const uint64_t bytes = size_of(fd);
  std::vector<char> room(1 << 20);
  const std::vector<double> times = timed_runs(
      kRuns, [] {},
      [&] {
        for (uint64_t at = 0; at < bytes; at += room.size()) {
          if (::pread(fd, room.data(), room.size(), static_cast<off_t>(at)) <= 0) fail("pread");
        }
      });
  ::close(fd);
  return rates(times, static_cast<double>(bytes));
}

Sample synced_writes(size_t bytes, int count) {
  const std::vector<char> record(bytes, 'r');
  std::vector<double> times;
  for (int i = 0; i < kRuns; ++i) {
    const FreshMapping mapping(bytes * static_cast<uint64_t>(count));
    if (::fsync(mapping.fd()) != 0) fail("fsync");
    times.push_back(seconds_of([&] {
      for (int n = 0; n < count; ++n) {
        if (::pwrite(mapping.fd(), record.data(), bytes, static_cast<off_t>(bytes) * n) < 0 ||
            ::fdatasync(mapping.fd()) != 0) {
          fail("fdatasync");
        }
      }
    }));
  }
  return rates(times, count);
}

Sample allocation(uint64_t bytes) {
  std::vector<double> times;
  for (int i = 0; i < kRuns; ++i) {
    times.push_back(seconds_of([&] {
      const FreshMapping mapping(bytes);
      if (::fsync(mapping.fd()) != 0) fail("fsync");
    }));
  }
  return rates(times, static_cast<double>(bytes));
}

}  // namespace mqctl
