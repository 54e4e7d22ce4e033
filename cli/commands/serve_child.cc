#include "cli/commands/serve_child.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

namespace mqctl {
namespace {

constexpr int kNotFound = 127, kCannotRun = 126;

[[noreturn]] void run(const std::vector<std::string>& command, pid_t parent) {
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // also when mqctl is killed
  if (::getppid() != parent) ::_exit(kCannotRun);
  (void)::signal(SIGPIPE, SIG_DFL);
  (void)::signal(SIGINT, SIG_DFL);
  (void)::signal(SIGTERM, SIG_DFL);
  std::vector<char*> argv;
  for (const std::string& word : command) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  ::execvp(argv[0], argv.data());
  const std::string text = "mqctl serve: cannot run " + command[0] + "\n";
  [[maybe_unused]] const ssize_t ignored = ::write(STDERR_FILENO, text.data(), text.size());
  ::_exit(errno == ENOENT ? kNotFound : kCannotRun);
}

}  // namespace

Result<ServeChild> ServeChild::start(const std::vector<std::string>& command,
                                     const std::vector<std::pair<std::string, std::string>>& variables) {
  for (const auto& [name, value] : variables) ::setenv(name.c_str(), value.c_str(), 1);
  // What forks away from the command becomes ours, and is ended with it.
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid < 0) return Status::from_errno("fork", errno);
  if (pid == 0) run(command, parent);
  ::setpgid(pid, pid);
  return ServeChild(pid);
}

ServeChild::~ServeChild() {
  if (pid_ > 0) kill_rest();
}

void ServeChild::signal(int number) const { ::kill(-pid_, number); }

// The group, and what left it: that is our own child by now.
void ServeChild::kill_rest() const {
  ::kill(-pid_, SIGKILL);
  const std::string children = "/proc/self/task/" + std::to_string(::getpid()) + "/children";
  for (int round = 0; round < 100; ++round) {
    bool any = false;
    if (FILE* const list = std::fopen(children.c_str(), "re")) {
      for (int child = 0; std::fscanf(list, "%d", &child) == 1; any = true) ::kill(child, SIGKILL);
      std::fclose(list);
    }
    while (::waitpid(-1, nullptr, WNOHANG) > 0) {
    }
    if (!any) return;
    ::usleep(1000);
  }
}

std::optional<int> ServeChild::poll() {
  while (true) {
    int status = 0;
    const pid_t ended = ::waitpid(-1, &status, WNOHANG);
    if (ended <= 0) return std::nullopt;
    if (ended != pid_) continue;  // one that forked away
    if (WIFEXITED(status)) return WEXITSTATUS(status);
    if (WIFSIGNALED(status)) return 128 + WTERMSIG(status);
  }
}

}  // namespace mqctl
