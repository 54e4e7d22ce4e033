#include "control.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdlib>

namespace standin {
namespace {

// By system calls of our own: the functions of these names are what the stand-in replaces.
Control* map_control() {
  static Control silent{};
  const char* path = std::getenv("MQCTL_STANDIN_CONTROL");
  if (path == nullptr) return &silent;
  const long fd = ::syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC);
  if (fd < 0) return &silent;
  const long at = ::syscall(SYS_mmap, nullptr, sizeof(Control), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  ::syscall(SYS_close, fd);
  return at < 0 && at > -4096 ? &silent : reinterpret_cast<Control*>(at);
}

}  // namespace

Control& control() {
  static Control* const page = map_control();
  return *page;
}

void count_change() {
  Control& page = control();
  page.changes.fetch_add(1, std::memory_order_relaxed);
  if (page.power_off_after.load(std::memory_order_relaxed) <= 0) return;
  if (page.power_off_after.fetch_sub(1, std::memory_order_relaxed) == 1) ::kill(::getpid(), SIGKILL);
}

}  // namespace standin
