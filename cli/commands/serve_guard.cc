#include "cli/commands/serve_guard.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <optional>

namespace mqctl {
namespace {

constexpr int kNotFound = 127, kCannotRun = 126;
constexpr std::array kOutlived = {SIGINT, SIGQUIT, SIGTERM, SIGHUP};  // by the guard: they are for the command

// What the command is not to inherit the guard does not keep either: it would hold the port and the store's lock
// when we are gone.
void close_ours(GuardPipes pipes) {
  DIR* const listing = ::opendir("/proc/self/fd");
  if (listing == nullptr) return;
  while (const dirent* const entry = ::readdir(listing)) {
    const int fd = std::atoi(entry->d_name);
    const bool kept = fd <= STDERR_FILENO || fd == pipes.signals || fd == pipes.outcome || fd == ::dirfd(listing);
    if (!kept && (::fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0) ::close(fd);
  }
  ::closedir(listing);
}

// At a terminal the command stays in the foreground group: it can read, and Ctrl-C and Ctrl-Z reach us all.
bool at_terminal() { return ::isatty(STDIN_FILENO) == 1 && ::tcgetpgrp(STDIN_FILENO) == ::getpgrp(); }

[[noreturn]] void become(const std::vector<std::string>& command, pid_t guard) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != guard) ::_exit(kCannotRun);
  (void)::signal(SIGPIPE, SIG_DFL);
  (void)::signal(SIGXFSZ, SIG_DFL);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  std::vector<char*> argv;
  for (const std::string& word : command) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  ::execvp(argv[0], argv.data());
  const int status = errno == ENOENT || errno == ENOTDIR ? kNotFound : kCannotRun;
  const std::string text = "mqctl serve: cannot run " + command[0] + "\n";
  [[maybe_unused]] const ssize_t ignored = ::write(STDERR_FILENO, text.data(), text.size());
  ::_exit(status);
}

class Guard {
 public:
  Guard(const std::vector<std::string>& command, GuardPipes pipes) : pipes_(pipes), own_group_(!at_terminal()) {
    ::prctl(PR_SET_CHILD_SUBREAPER, 1);
    ignore_signals();
    const pid_t own = ::getpid();
    child_ = ::fork();
    if (child_ == 0) {
      if (own_group_) ::setpgid(0, 0);
      restore_signals();
      become(command, own);
    }
    if (child_ > 0 && own_group_) ::setpgid(child_, child_);
  }

  void run() {
    if (child_ < 0) return tell(kCannotRun);
    while (true) {
      if (const std::optional<int> status = reap()) return finish(*status);
      std::array<pollfd, 2> events{{{pipes_.signals, POLLIN, 0}, {child_ended_, POLLIN, 0}}};
      if (::poll(events.data(), events.size(), -1) < 0) continue;
      if (events[1].revents != 0) take_notice();
      if (events[0].revents != 0 && !pass_on()) return finish(128 + SIGKILL);
    }
  }

 private:
  // A caller may have told us to ignore SIGCHLD; nobody could be waited for then.
  void ignore_signals() {
    for (size_t i = 0; i < kOutlived.size(); ++i) before_[i] = ::signal(kOutlived[i], SIG_IGN);
    (void)::signal(SIGCHLD, SIG_DFL);
    sigset_t child;
    ::sigemptyset(&child);
    ::sigaddset(&child, SIGCHLD);
    ::sigprocmask(SIG_SETMASK, &child, nullptr);
    child_ended_ = ::signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
  }

  // What our caller ignored the command ignores too, as under nohup.
  void restore_signals() const {
    for (size_t i = 0; i < kOutlived.size(); ++i)
      (void)::signal(kOutlived[i], before_[i] == SIG_IGN ? SIG_IGN : SIG_DFL);
  }

  void take_notice() const {
    signalfd_siginfo info;
    while (::read(child_ended_, &info, sizeof info) > 0) {
    }
  }

  // False when the other end is gone.
  bool pass_on() const {
    unsigned char number = 0;
    const ssize_t got = ::read(pipes_.signals, &number, 1);
    const bool has_it = !own_group_ && number == SIGINT;  // from the terminal
    if (got == 1 && !has_it) ::kill(own_group_ ? -child_ : child_, number);
    return got == 1 || (got < 0 && errno == EINTR);
  }

  // The command's status when it has ended; those that forked away are only taken note of.
  std::optional<int> reap() const {
    int status = 0;
    while (true) {
      const pid_t ended = ::waitpid(-1, &status, WNOHANG);
      if (ended <= 0) return std::nullopt;
      if (ended == child_) return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    }
  }

  void finish(int status) const {
    kill_rest();
    tell(status);
  }

  // The group, and what left it: that is the guard's own child sooner or later.
  void kill_rest() const {
    ::kill(own_group_ ? -child_ : child_, SIGKILL);
    const std::string children = "/proc/self/task/" + std::to_string(::getpid()) + "/children";
    for (bool any = true; any;) {
      any = false;
      if (FILE* const list = std::fopen(children.c_str(), "re")) {
        for (int child = 0; std::fscanf(list, "%d", &child) == 1; any = true) ::kill(child, SIGKILL);
        std::fclose(list);
      }
      if (any) ::waitpid(-1, nullptr, 0);
    }
  }

  void tell(int status) const { [[maybe_unused]] const ssize_t n = ::write(pipes_.outcome, &status, sizeof status); }

  const GuardPipes pipes_;
  const bool own_group_;
  std::array<sighandler_t, kOutlived.size()> before_{};
  int child_ended_ = -1;
  pid_t child_ = -1;
};

}  // namespace

void run_serve_guard(const std::vector<std::string>& command, const rlimit& descriptors, GuardPipes pipes) {
  close_ours(pipes);
  (void)::setrlimit(RLIMIT_NOFILE, &descriptors);
  Guard(command, pipes).run();
  ::_exit(0);
}

}  // namespace mqctl
