#include <sys/mman.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <random>
#include <string>
#include <vector>

#include "cli/commands/line_reader.h"

namespace mqctl {
namespace {

// A file in memory, holding the text.
class Input {
 public:
  explicit Input(std::string_view text) : fd_(::memfd_create("input", MFD_CLOEXEC)) {
    REQUIRE(fd_ >= 0);
    REQUIRE(::write(fd_, text.data(), text.size()) == static_cast<ssize_t>(text.size()));
    REQUIRE(::lseek(fd_, 0, SEEK_SET) == 0);
  }
  ~Input() { ::close(fd_); }
  Input(const Input&) = delete;
  Input& operator=(const Input&) = delete;
  int fd() const { return fd_; }

 private:
  int fd_;
};

std::vector<std::string> read_lines(std::string_view text, size_t longest) {
  Input input(text);
  LineReader reader({.fd = input.fd(), .longest_line = longest, .signals = nullptr, .before_read = nullptr});
  std::vector<std::string> lines;
  std::span<char> line;
  for (;;) {
    Result<bool> more = reader.next(line);
    REQUIRE(more.has_value());
    if (!*more) return lines;
    lines.emplace_back(line.data(), line.size());
    CHECK(reader.line_number() == lines.size());
  }
}

TEST_CASE("LinesComeWithoutTheirLineFeeds") {
  CHECK(read_lines("a\nbb\n\nccc\n", 100) == std::vector<std::string>{"a", "bb", "", "ccc"});
}

TEST_CASE("TheLastLineMayLackItsLineFeed") { CHECK(read_lines("a\nb", 100) == std::vector<std::string>{"a", "b"}); }

TEST_CASE("EmptyInputHasNoLines") { CHECK(read_lines("", 100).empty()); }

TEST_CASE("LinesOfAnyLengthComeWhole") {
  std::mt19937 random(7);
  std::string text;
  std::vector<std::string> expected;
  for (int i = 0; i < 300; ++i) {
    const size_t length = i % 50 == 0 ? 300000 + random() % 700000 : random() % 5000;
    expected.emplace_back(length, static_cast<char>('a' + i % 26));
    text += expected.back() + '\n';
  }
  CHECK(read_lines(text, 1000000) == expected);
}

TEST_CASE("ALineThatIsTooLongIsNamed") {
  const std::string text = "short\n" + std::string(3000000, 'x') + "\nshort\n";
  Input input(text);
  LineReader reader({.fd = input.fd(), .longest_line = 1000, .signals = nullptr, .before_read = nullptr});
  std::span<char> line;
  REQUIRE(*reader.next(line));
  Result<bool> more = reader.next(line);
  REQUIRE_FALSE(more.has_value());
  CHECK(more.error().code() == Errc::kInvalidArgument);
  CHECK(reader.line_number() == 2);
}

TEST_CASE("ALineOfExactlyTheLimitIsTaken") {
  const std::string line(600000, 'y');
  CHECK(read_lines(line + "\n" + line, 600000) == std::vector<std::string>{line, line});
}

TEST_CASE("WorkIsSettledBeforeMoreIsRead") {
  Input input("a\nb\n");
  int settled = 0;
  LineReader reader({.fd = input.fd(), .longest_line = 100, .signals = nullptr, .before_read = [&] {
                       ++settled;
                       return Status();
                     }});
  std::span<char> line;
  REQUIRE(*reader.next(line));
  REQUIRE(*reader.next(line));
  CHECK(settled == 1);
  REQUIRE_FALSE(*reader.next(line));
  CHECK(settled == 2);
}

TEST_CASE("TheRestComesAsOnePiece") {
  const std::string text = std::string(700000, 'a') + '\n' + std::string(10, 'b');
  Input input(text);
  LineReader reader({.fd = input.fd(), .longest_line = 1 << 20, .signals = nullptr, .before_read = nullptr});
  Result<std::span<char>> all = reader.rest();
  REQUIRE(all.has_value());
  CHECK(std::string(all->data(), all->size()) == text);
}

}  // namespace
}  // namespace mqctl
