#include "cli/commands/stop_signals.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <ctime>

namespace mqctl {
namespace {

// What a handler may touch. The pipe wakes a poll that began just before the signal came.
std::atomic<int> g_caught{0};
std::atomic<bool> g_stop{false};
int g_wake_pipe[2] = {-1, -1};

int64_t now_ms() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return int64_t{now.tv_sec} * 1000 + now.tv_nsec / 1000000;
}

// timeout(1) sends its signal to the process and then to its group: what comes at once is the same request once more.
constexpr int64_t kSameRequestMs = 200;
std::atomic<int64_t> g_caught_at{0};

void remember(int signal_number) {
  const int saved_errno = errno;
  if (g_caught.load(std::memory_order_relaxed) != 0 &&
      now_ms() - g_caught_at.load(std::memory_order_relaxed) > kSameRequestMs) {
    (void)::signal(signal_number, SIG_DFL);
    (void)::raise(signal_number);
  }
  if (g_caught.load(std::memory_order_relaxed) == 0) g_caught_at.store(now_ms(), std::memory_order_relaxed);
  g_caught.store(signal_number, std::memory_order_relaxed);
  g_stop.store(true, std::memory_order_relaxed);
  const char byte = 0;
  [[maybe_unused]] const ssize_t ignored = ::write(g_wake_pipe[1], &byte, 1);  // full: awake already
  errno = saved_errno;
}

}  // namespace

StopSignals::StopSignals(std::initializer_list<int> numbers) {
  g_caught.store(0, std::memory_order_relaxed);
  g_stop.store(false, std::memory_order_relaxed);
  if (::pipe2(g_wake_pipe, O_CLOEXEC | O_NONBLOCK) != 0) g_wake_pipe[0] = g_wake_pipe[1] = -1;
  struct sigaction action {};
  action.sa_handler = &remember;
  for (const int number : numbers) {
    struct sigaction before {};
    ::sigaction(number, nullptr, &before);
    if (number == SIGHUP && before.sa_handler == SIG_IGN) continue;
    ::sigaction(number, &action, nullptr);
    before_.emplace_back(number, before);
  }
}

StopSignals::~StopSignals() {
  for (const auto& [number, before] : before_) ::sigaction(number, &before, nullptr);
  ::close(g_wake_pipe[0]);
  ::close(g_wake_pipe[1]);
  g_wake_pipe[0] = g_wake_pipe[1] = -1;
}

int StopSignals::caught() const { return g_caught.load(std::memory_order_relaxed); }

const std::atomic<bool>& StopSignals::flag() const { return g_stop; }

bool StopSignals::sleep(std::chrono::milliseconds time) const {
  pollfd wait{g_wake_pipe[0], POLLIN, 0};
  if (caught() == 0) ::poll(&wait, 1, static_cast<int>(time.count()));
  return caught() == 0;
}

bool StopSignals::wait_readable(int fd) const {
  pollfd waits[] = {{fd, POLLIN, 0}, {g_wake_pipe[0], POLLIN, 0}};
  while (caught() == 0) {
    if (::poll(waits, 2, -1) < 0 && errno == EINTR) continue;
    return caught() == 0;
  }
  return false;
}

}  // namespace mqctl
