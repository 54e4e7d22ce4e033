// GatherWrite over a real socket pair: order, neighbours, a socket that is full, one that is gone.
#include <sys/socket.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cerrno>
#include <string>

#include "cli/remoting/gather_write.h"

namespace mqctl {
namespace {

using Outcome = GatherWrite::Outcome;

struct Pair {
  Pair() {
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
    const int bytes = 64 << 10;  // whatever the machine gives by default
    REQUIRE(::setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes) == 0);
  }
  ~Pair() {
    for (const int end : ends) ::close(end);
  }
  std::string read(size_t most) const {
    std::string bytes(most, '\0');
    const ssize_t got = ::recv(ends[1], bytes.data(), most, MSG_DONTWAIT);
    bytes.resize(got > 0 ? static_cast<size_t>(got) : 0);
    return bytes;
  }
  int ends[2];
};

TEST_CASE("pieces go out in order, neighbours and strangers alike") {
  const Pair pair;
  const std::string text = "one two three ", other = "four";
  GatherWrite output;
  output.add(text.data(), 4);
  output.add(text.data() + 4, 4);  // its neighbour
  output.add(text.data() + 8, 0);
  output.add(text.data() + 8, 6);
  output.add(other.data(), other.size());
  CHECK(output.bytes() == 18);
  CHECK(output.send(pair.ends[0]) == Outcome::kSent);
  CHECK(pair.read(100) == "one two three four");
  output.clear();
  CHECK(output.bytes() == 0);
  CHECK(output.send(pair.ends[0]) == Outcome::kSent);
  CHECK(pair.read(100).empty());
}

TEST_CASE("more pieces than one call takes, and a socket that is full now and then") {
  const Pair pair;
  std::string expected;
  std::vector<std::string> pieces;
  for (int i = 0; i < 5000; ++i)
    pieces.push_back(std::string(static_cast<size_t>(1 + i % 900), static_cast<char>('a' + i % 26)));
  GatherWrite output;
  for (const std::string& piece : pieces) {
    output.add(piece.data(), piece.size());
    expected += piece;
  }
  std::string received;
  int full = 0;
  while (output.send(pair.ends[0]) == Outcome::kWouldBlock) {
    ++full;
    received += pair.read(100000);
  }
  for (std::string more = pair.read(100000); !more.empty(); more = pair.read(100000)) received += more;
  CHECK(full > 1);
  CHECK(received == expected);
}

TEST_CASE("nobody reads any more") {
  Pair pair;
  ::shutdown(pair.ends[1], SHUT_RDWR);
  GatherWrite output;
  output.add("x", 1);
  CHECK(output.send(pair.ends[0]) == Outcome::kFailed);
  CHECK(errno == EPIPE);
}

}  // namespace
}  // namespace mqctl
