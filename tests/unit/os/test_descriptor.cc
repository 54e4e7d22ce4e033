#include <fcntl.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "libstore/os/descriptor.h"
#include "tests/unit/support/golden_store.h"

using namespace mqctl;
using namespace mqctl::test;

namespace {

bool is_open(int fd) { return ::fcntl(fd, F_GETFD) >= 0; }

Descriptor opened(const std::string& path) {
  Result<Descriptor> descriptor = open_descriptor(path, O_RDWR | O_CREAT);
  REQUIRE(descriptor.has_value());
  return std::move(*descriptor);
}

// Standard input closed while this lives.
class WithoutStdin {
 public:
  WithoutStdin() : kept_(::dup(0)) { ::close(0); }
  ~WithoutStdin() {
    if (kept_ < 0) return;
    ::dup2(kept_, 0);
    ::close(kept_);
  }
  WithoutStdin(const WithoutStdin&) = delete;
  WithoutStdin& operator=(const WithoutStdin&) = delete;

 private:
  const int kept_;
};

}  // namespace

TEST_CASE("A descriptor is closed when its owner goes, and not inherited") {
  TemporaryDirectory directory;
  int fd = -1;
  {
    const Descriptor descriptor = opened(directory.path() + "/f");
    fd = descriptor.get();
    CHECK(is_open(fd));
    CHECK((::fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
  }
  CHECK_FALSE(is_open(fd));
}

TEST_CASE("Moved, it is closed once, by the last owner") {
  TemporaryDirectory directory;
  Descriptor first = opened(directory.path() + "/f");
  const int fd = first.get();
  {
    Descriptor second = std::move(first);
    CHECK(second.get() == fd);
    CHECK(is_open(fd));
    Descriptor third = opened(directory.path() + "/g");
    third = std::move(second);
    CHECK(third.get() == fd);
  }
  CHECK_FALSE(is_open(fd));
}

TEST_CASE("Numbers 0 to 2 are left to the terminal") {
  TemporaryDirectory directory;
  const WithoutStdin without;
  const Descriptor descriptor = opened(directory.path() + "/f");
  CHECK(descriptor.get() >= 3);
  CHECK_FALSE(is_open(0));
}

TEST_CASE("What cannot be opened is named") {
  const Result<Descriptor> none = open_descriptor("/nowhere/f", O_RDONLY);
  REQUIRE_FALSE(none.has_value());
  CHECK(none.error().code() == Errc::kNotFound);
  CHECK(none.error().path() == "/nowhere/f");
}

TEST_CASE("A call that was interrupted is made again, one that failed is not") {
  int calls = 0;
  const auto interrupted_twice = [&] {
    errno = EINTR;
    return ++calls < 3 ? -1 : 7;
  };
  CHECK(retry_on_eintr(interrupted_twice) == 7);
  CHECK(calls == 3);
  calls = 0;
  const auto failing = [&] {
    ++calls;
    errno = EIO;
    return -1;
  };
  CHECK(retry_on_eintr(failing) == -1);
  CHECK(calls == 1);
}
