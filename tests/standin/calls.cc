// The C library's functions that a program under the stand-in gets instead of the real ones (LD_PRELOAD).

#include <dlfcn.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include <cerrno>
#include <cstdarg>
#include <ctime>

#include "control.h"
#include "shadow.h"

namespace {

using standin::Call;
using standin::control;
using standin::count_change;

template <class Function>
Function* real(Function*, const char* name) {
  return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}
#define REAL(function) static auto* const next = real(&::function, #function)

// Files alone: a test breaks the disk, not the sockets and pipes that it talks through.
bool on_disk(int fd) {
  struct stat info {};
  const int kept = errno;
  const bool file = ::fstat(fd, &info) == 0 && (S_ISREG(info.st_mode) || S_ISDIR(info.st_mode));
  errno = kept;
  return file;
}

// Whether the test wants the call to fail; errno is set then.
bool broken(Call call) {
  const auto kind = static_cast<int>(call);
  const int code = control().fail_with[kind].load(std::memory_order_relaxed);
  if (code == 0) return false;
  control().failed[kind].fetch_add(1, std::memory_order_relaxed);
  errno = code;
  return true;
}

bool broken(Call call, int fd) { return on_disk(fd) && broken(call); }

// On a disk that a test plays, the real one need not hurry.
template <class Sync>
int sync_descriptor(int fd, const Sync& sync) {
  if (broken(Call::kSync, fd)) return -1;
  count_change();
  const int outcome = standin::shadowing() ? 0 : sync(fd);
  if (outcome == 0) standin::shadow_synced(fd);
  return outcome;
}

int after_open(int fd, int flags) {
  if (fd < 0) return fd;
  const int kept = errno;
  if ((flags & O_ACCMODE) != O_RDONLY) standin::shadow_opened(fd);
  if ((flags & O_CREAT) != 0) count_change();
  errno = kept;
  return fd;
}

void shift(std::timespec* time) {
  constexpr int64_t kSecond = 1'000'000'000;
  const int64_t by = control().realtime_shift_ns.load(std::memory_order_relaxed);
  const int64_t total = time->tv_sec * kSecond + time->tv_nsec + by;
  time->tv_sec = total / kSecond;
  time->tv_nsec = total % kSecond;
}

}  // namespace

extern "C" {

int open(const char* path, int flags, ...) {
  REAL(open);
  va_list more;
  va_start(more, flags);
  const mode_t mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(more, mode_t) : 0;
  va_end(more);
  if ((flags & O_CREAT) != 0 && broken(Call::kOpen)) return -1;
  return after_open(next(path, flags, mode), flags);
}

int __open_2(const char* path, int flags) { return open(path, flags); }

ssize_t pwrite(int fd, const void* from, size_t length, off_t at) {
  REAL(pwrite);
  if (broken(Call::kWrite, fd)) return -1;
  count_change();
  return next(fd, from, length, at);
}

int fallocate(int fd, int mode, off_t at, off_t length) {
  REAL(fallocate);
  if (broken(Call::kAllocate, fd)) return -1;
  count_change();
  return next(fd, mode, at, length);
}

int ftruncate(int fd, off_t length) {
  REAL(ftruncate);
  if (broken(Call::kWrite, fd)) return -1;
  count_change();
  return next(fd, length);
}

int fdatasync(int fd) {
  REAL(fdatasync);
  return sync_descriptor(fd, next);
}

int fsync(int fd) {
  REAL(fsync);
  return sync_descriptor(fd, next);
}

int msync(void* address, size_t length, int flags) {
  REAL(msync);
  if (broken(Call::kSync)) return -1;
  count_change();
  const int outcome = standin::shadowing() ? 0 : next(address, length, flags);
  if (outcome == 0) standin::shadow_synced_range(address, length);
  return outcome;
}

void* mmap(void* address, size_t length, int protection, int flags, int fd, off_t offset) {
  REAL(mmap);
  void* const mapped = next(address, length, protection, flags, fd, offset);
  if (mapped != MAP_FAILED && fd >= 0 && (flags & MAP_SHARED) != 0) standin::shadow_mapped(mapped, length, fd, offset);
  return mapped;
}

int munmap(void* address, size_t length) {
  REAL(munmap);
  standin::shadow_unmapped(address);
  return next(address, length);
}

int rename(const char* from, const char* to) noexcept {
  REAL(rename);
  if (broken(Call::kWrite)) return -1;
  count_change();
  return next(from, to);
}

int unlink(const char* path) noexcept {
  REAL(unlink);
  count_change();
  return next(path);
}

int mkdir(const char* path, mode_t mode) noexcept {
  REAL(mkdir);
  if (broken(Call::kOpen)) return -1;
  count_change();
  return next(path, mode);
}

int clock_gettime(clockid_t clock, std::timespec* time) noexcept {
  REAL(clock_gettime);
  const int outcome = next(clock, time);
  if (outcome == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) shift(time);
  return outcome;
}

int gettimeofday(struct timeval* time, void*) noexcept {
  std::timespec now{};
  const int outcome = clock_gettime(CLOCK_REALTIME, &now);
  time->tv_sec = now.tv_sec;
  time->tv_usec = now.tv_nsec / 1000;
  return outcome;
}

std::time_t time(std::time_t* into) noexcept {
  std::timespec now{};
  (void)clock_gettime(CLOCK_REALTIME, &now);
  if (into != nullptr) *into = now.tv_sec;
  return now.tv_sec;
}

}  // extern "C"
