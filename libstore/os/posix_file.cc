#include "libstore/os/posix_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "libstore/os/memory_holes.h"
#include "libstore/os/posix_mapped_region.h"

namespace mqctl {
namespace {

struct flock first_byte(short type) {
  struct flock lock {};
  lock.l_type = type;
  lock.l_whence = SEEK_SET;
  lock.l_start = 0;
  lock.l_len = 1;
  return lock;
}

class PosixFile final : public File {
 public:
  PosixFile(Descriptor descriptor, std::string path) : fd_(std::move(descriptor)), path_(std::move(path)) {}

  const std::string& path() const override { return path_; }

  Result<size_t> read_at(uint64_t position, MutableBytes into) override {
    size_t done = 0;
    while (done < into.size()) {
      const ssize_t got = retry_on_eintr([&] {
        return ::pread(fd_.get(), into.data() + done, into.size() - done, static_cast<off_t>(position + done));
      });
      if (got < 0) return failure("cannot read").at(path_, position + done);
      if (got == 0) break;
      done += static_cast<size_t>(got);
    }
    return done;
  }

  Status write_at(uint64_t position, Bytes bytes) override {
    size_t done = 0;
    while (done < bytes.size()) {
      const ssize_t put = retry_on_eintr([&] {
        return ::pwrite(fd_.get(), bytes.data() + done, bytes.size() - done, static_cast<off_t>(position + done));
      });
      if (put < 0) return failure("cannot write").at(path_, position + done);
      done += static_cast<size_t>(put);
    }
    return {};
  }

  Status sync() override {
    return check(retry_on_eintr([&] { return ::fdatasync(fd_.get()); }), "cannot sync");
  }

  Status resize(uint64_t size_bytes) override {
    return check(retry_on_eintr([&] { return ::ftruncate(fd_.get(), static_cast<off_t>(size_bytes)); }),
                 "cannot set the size");
  }

  Status allocate(uint64_t position, uint64_t length) override {
    if (length == 0) return {};
    const int outcome = retry_on_eintr([&] {
      return ::fallocate(fd_.get(), FALLOC_FL_KEEP_SIZE, static_cast<off_t>(position), static_cast<off_t>(length));
    });
    if (outcome == 0) return {};
    if (errno != EOPNOTSUPP && errno != ENOSYS) return failure("cannot allocate blocks").at(path_, position);
    return fill_holes(position, length);
  }

  Result<uint64_t> size() override {
    struct stat info {};
    if (::fstat(fd_.get(), &info) != 0) return failure("cannot stat").at(path_);
    return static_cast<uint64_t>(info.st_size);
  }

  Result<uint64_t> allocated_bytes() override {
    struct stat info {};
    if (::fstat(fd_.get(), &info) != 0) return failure("cannot stat").at(path_);
    return static_cast<uint64_t>(info.st_blocks) * 512;
  }

  Result<uint64_t> next_data(uint64_t from) override {
    const off_t found = ::lseek(fd_.get(), static_cast<off_t>(from), SEEK_DATA);
    if (found >= 0) return static_cast<uint64_t>(found);
    if (errno == EINVAL || errno == EOPNOTSUPP) return from;  // no holes known here
    if (errno != ENXIO) return failure("cannot seek").at(path_, from);
    Result<uint64_t> end = size();
    return end ? std::max(*end, from) : end;
  }

  Result<uint64_t> next_hole(uint64_t from) override {
    const off_t found = ::lseek(fd_.get(), static_cast<off_t>(from), SEEK_HOLE);
    return found < 0 ? size() : Result<uint64_t>(static_cast<uint64_t>(found));
  }

  Result<std::unique_ptr<MappedRegion>> map(MapMode mode, uint64_t length) override {
    if (mode == MapMode::kReadWrite && lies_in_memory(fd_.get())) {
      if (Status status = take_holes(*this); !status.ok()) return status;
    }
    return map_file(fd_.get(), path_, mode, length);
  }

  Status set_modified(EpochMs time) override {
    struct timespec when {};
    when.tv_sec = static_cast<time_t>(time.value() / 1000);
    when.tv_nsec = static_cast<long>(time.value() % 1000) * 1000000;
    const std::array<struct timespec, 2> times{when, when};
    return check(::futimens(fd_.get(), times.data()), "cannot set the time");
  }

  void will_need(uint64_t position, uint64_t length) override {
    (void)::posix_fadvise(fd_.get(), static_cast<off_t>(position), static_cast<off_t>(length), POSIX_FADV_WILLNEED);
  }
  void dont_need(uint64_t position, uint64_t length) override {
    (void)::posix_fadvise(fd_.get(), static_cast<off_t>(position), static_cast<off_t>(length), POSIX_FADV_DONTNEED);
  }

  Status lock_first_byte() override {
    struct flock lock = first_byte(F_WRLCK);
    if (::fcntl(fd_.get(), F_SETLK, &lock) == 0) return {};
    if (errno != EAGAIN && errno != EACCES) return failure("cannot lock").at(path_);
    Result<int64_t> holder = lock_holder();
    const std::string who = holder && *holder > 0 ? "process " + std::to_string(*holder) : "another process";
    return Status::error(Errc::kBusy, "the store is in use by " + who).at(path_);
  }

  Result<int64_t> lock_holder() override {
    struct flock lock = first_byte(F_WRLCK);
    if (::fcntl(fd_.get(), F_GETLK, &lock) != 0) return failure("cannot ask for the lock").at(path_);
    if (lock.l_type == F_UNLCK) return Status::error(Errc::kNotFound, "nobody holds the lock").at(path_);
    return static_cast<int64_t>(lock.l_pid);
  }

 private:
  static Status failure(std::string_view what) { return Status::from_errno(what, errno); }
  Status check(int outcome, std::string_view what) const { return outcome == 0 ? Status() : failure(what).at(path_); }

  // Where there is no fallocate: zeros into the holes, data left alone.
  Status fill_holes(uint64_t position, uint64_t length) {
    Result<uint64_t> end = size();
    if (!end) return std::move(end).error();
    const uint64_t stop = std::min(position + length, *end);
    const std::array<std::byte, 4096> zeros{};
    while (position < stop) {
      const uint64_t block_end = std::min(stop, (position / zeros.size() + 1) * zeros.size());
      Result<uint64_t> data = next_data(position);
      if (!data) return std::move(data).error();
      if (*data >= block_end) {
        const Bytes block(zeros.data(), block_end - position);
        if (Status status = write_at(position, block); !status.ok()) return status;
      }
      position = block_end;
    }
    return {};
  }

  const Descriptor fd_;
  const std::string path_;
};

}  // namespace

std::unique_ptr<File> make_posix_file(Descriptor descriptor, std::string path) {
  return std::make_unique<PosixFile>(std::move(descriptor), std::move(path));
}

}  // namespace mqctl
