#include "cli/commands/serve_child.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "cli/commands/serve_guard.h"

namespace mqctl {
namespace {

struct Pipe {
  Descriptor read, write;
};

Result<Pipe> make_pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return Status::from_errno("pipe", errno);
  return Pipe{Descriptor(ends[0]), Descriptor(ends[1])};
}

}  // namespace

Result<ServeChild> ServeChild::start(const std::vector<std::string>& command,
                                     const std::vector<std::pair<std::string, std::string>>& variables,
                                     const rlimit& descriptors) {
  for (const auto& [name, value] : variables) ::setenv(name.c_str(), value.c_str(), 1);
  Result<Pipe> signals = make_pipe();
  if (!signals) return std::move(signals).error();
  Result<Pipe> outcome = make_pipe();
  if (!outcome) return std::move(outcome).error();
  const pid_t guard = ::fork();
  if (guard < 0) return Status::from_errno("fork", errno);
  if (guard == 0) run_serve_guard(command, descriptors, {signals->read.get(), outcome->write.get()});
  return ServeChild(std::move(signals->write), std::move(outcome->read));
}

ServeChild::~ServeChild() {
  if (outcome_.get() < 0) return;
  signals_ = Descriptor(-1);
  int ignored = 0;
  while (retry_on_eintr([&] { return ::read(outcome_.get(), &ignored, sizeof ignored); }) > 0) {
  }
}

void ServeChild::signal(int number) const {
  const auto byte = static_cast<unsigned char>(number);
  [[maybe_unused]] const ssize_t ignored = ::write(signals_.get(), &byte, 1);
}

bool ServeChild::ended_within(std::chrono::milliseconds time) const {
  pollfd event{outcome_.get(), POLLIN, 0};
  return retry_on_eintr([&] { return ::poll(&event, 1, static_cast<int>(time.count())); }) > 0;
}

int ServeChild::wait() const {
  int status = 0;
  const ssize_t got = retry_on_eintr([&] { return ::read(outcome_.get(), &status, sizeof status); });
  return got == sizeof status ? status : 128 + SIGKILL;  // somebody killed the guard
}

}  // namespace mqctl
