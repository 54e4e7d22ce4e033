// The store's lock between processes: held, seen, named, let go.
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <catch2/catch.hpp>
#include <csignal>

#include "libstore/os/store_lock.h"
#include "tests/unit/support/golden_store.h"

using namespace mqctl;
using namespace mqctl::test;

namespace {

// A child process that holds the lock of a store until it is ended.
class Holder {
 public:
  explicit Holder(const std::string& root) {
    std::array<int, 2> ready{};
    REQUIRE(::pipe(ready.data()) == 0);
    pid_ = ::fork();
    REQUIRE(pid_ >= 0);
    if (pid_ == 0) hold(root, ready[1]);
    char answer = 0;
    REQUIRE(::read(ready[0], &answer, 1) == 1);
    REQUIRE(answer == 'y');
    for (const int fd : ready) ::close(fd);
  }
  ~Holder() { kill(); }
  Holder(const Holder&) = delete;
  Holder& operator=(const Holder&) = delete;
  pid_t pid() const { return pid_; }
  void kill() {
    if (pid_ == 0) return;
    ::kill(pid_, SIGKILL);
    int status = 0;
    ::waitpid(std::exchange(pid_, 0), &status, 0);
  }

 private:
  [[noreturn]] static void hold(const std::string& root, int ready) {
    const Result<StoreLock> lock = StoreLock::acquire(posix_file_system(), root);
    const char answer = lock ? 'y' : 'n';
    if (::write(ready, &answer, 1) == 1) ::pause();
    ::_exit(0);
  }
  pid_t pid_ = 0;
};

LockProbe probe(const TemporaryDirectory& root) { return StoreLock::probe(posix_file_system(), root.path()); }

// What another process answers: whether it could take the lock, or sees it held.
template <class Question>
bool asked_elsewhere(const Question& question) {
  const pid_t pid = ::fork();
  REQUIRE(pid >= 0);
  if (pid == 0) ::_exit(question() ? 1 : 0);
  int status = 0;
  REQUIRE(::waitpid(pid, &status, 0) == pid);
  REQUIRE(WIFEXITED(status));
  return WEXITSTATUS(status) == 1;
}

}  // namespace

TEST_CASE("The lock file says lock, and stays when the lock goes") {
  const TemporaryDirectory root;
  {
    const Result<StoreLock> lock = StoreLock::acquire(posix_file_system(), root.path());
    REQUIRE(lock.has_value());
  }
  CHECK(as_text(read_file(root.path() + "/lock")) == "lock");
}

TEST_CASE("Held by another process: told, with its number, and taken when it is killed") {
  const TemporaryDirectory root;
  Holder holder(root.path());
  const Result<StoreLock> refused = StoreLock::acquire(posix_file_system(), root.path());
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().code() == Errc::kBusy);
  CHECK(refused.error().message().find("process " + std::to_string(holder.pid())) != std::string::npos);
  CHECK(refused.error().path() == root.path() + "/lock");
  CHECK(probe(root) == LockProbe::kHeld);
  holder.kill();
  CHECK(probe(root) == LockProbe::kFree);
  CHECK(StoreLock::acquire(posix_file_system(), root.path()).has_value());
}

TEST_CASE("Held by us, others see it; let go, they take it") {
  const TemporaryDirectory root;
  const auto sees_it_held = [&] { return probe(root) == LockProbe::kHeld; };
  const auto takes_it = [&] { return StoreLock::acquire(posix_file_system(), root.path()).has_value(); };
  {
    const Result<StoreLock> lock = StoreLock::acquire(posix_file_system(), root.path());
    REQUIRE(lock.has_value());
    CHECK(asked_elsewhere(sees_it_held));
    CHECK_FALSE(asked_elsewhere(takes_it));
  }
  CHECK_FALSE(asked_elsewhere(sees_it_held));
  CHECK(asked_elsewhere(takes_it));
}

TEST_CASE("A probe makes no file, and none there is free") {
  const TemporaryDirectory root;
  CHECK(probe(root) == LockProbe::kFree);
  CHECK_FALSE(posix_file_system().stat(root.path() + "/lock").has_value());
  CHECK(StoreLock::probe(posix_file_system(), root.path() + "/none") == LockProbe::kFree);
}

TEST_CASE("Two stores have two locks") {
  const TemporaryDirectory one, two;
  const Holder holder(one.path());
  CHECK(StoreLock::acquire(posix_file_system(), two.path()).has_value());
}

TEST_CASE("A lock where no file can be made fails as that") {
  const TemporaryDirectory root;
  const Result<StoreLock> lock = StoreLock::acquire(posix_file_system(), root.path() + "/none");
  REQUIRE_FALSE(lock.has_value());
  CHECK(lock.error().code() == Errc::kNotFound);
}
