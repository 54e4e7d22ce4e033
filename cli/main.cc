#include <fcntl.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <exception>
#include <new>
#include <system_error>

#include "cli/commands/command_tree.h"
#include "cli/output/exit_status.h"

namespace {

// A file of the store that got one of these numbers would receive what is meant for people.
void keep_standard_descriptors() {
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; ++fd) {
    if (::fcntl(fd, F_GETFD) == -1) (void)::open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
  }
}

}  // namespace

int main(int argc, char** argv) {
  keep_standard_descriptors();
  (void)std::signal(SIGPIPE, SIG_IGN);  // a reader that went away is seen where it is written to
  (void)std::signal(SIGXFSZ, SIG_IGN);  // so is a file that may not grow
  try {
    return mqctl::CommandTree().run(argc, argv);
  } catch (const std::bad_alloc&) {
    std::fputs("mqctl: out of memory\n", stderr);
  } catch (const std::system_error& error) {
    const bool thread = error.code() == std::errc::resource_unavailable_try_again;
    std::fprintf(stderr, "mqctl: %s%s\n", thread ? "cannot start a thread: " : "", error.what());
  } catch (const std::exception& error) {
    std::fprintf(stderr, "mqctl: %s\n", error.what());
  }
  return mqctl::exit_status::kCouldNot;
}
