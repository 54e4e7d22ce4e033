#include "cli/commands/line_reader.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "cli/commands/stop_signals.h"

namespace mqctl {
namespace {

// Large enough that a read costs nothing beside the work on it, small enough to stay in the processor's cache.
constexpr size_t kBlockBytes = 256u << 10;

}  // namespace

LineReader::LineReader(Options options)
    : options_(std::move(options)), capacity_(kBlockBytes), block_(new char[capacity_]) {}

Status LineReader::too_long() const {
  return Status::error(Errc::kInvalidArgument, "is longer than " + std::to_string(options_.longest_line) + " bytes");
}

Result<bool> LineReader::next(std::span<char>& line) {
  for (;;) {
    char* const from = block_.get() + begin_;
    const void* feed = end_ > searched_ ? std::memchr(block_.get() + searched_, '\n', end_ - searched_) : nullptr;
    const size_t length = feed != nullptr ? static_cast<size_t>(static_cast<const char*>(feed) - from) : end_ - begin_;
    searched_ = feed != nullptr ? searched_ : end_;
    if (length > options_.longest_line) {
      ++line_number_;
      return too_long();
    }
    if (feed != nullptr || (ended_ && length > 0)) {
      line = {from, length};
      begin_ += length + (feed != nullptr ? 1 : 0);
      searched_ = begin_;
      ++line_number_;
      return true;
    }
    if (ended_) return false;
    Result<bool> filled = fill();
    if (!filled) return filled;
    if (!*filled) return false;
  }
}

Result<std::span<char>> LineReader::rest() {
  while (!ended_) {
    if (end_ - begin_ > options_.longest_line) return too_long();
    Result<bool> filled = fill();
    if (!filled) return std::move(filled).error();
    if (!*filled) break;
  }
  if (end_ - begin_ > options_.longest_line) return too_long();
  line_number_ = 1;
  const std::span<char> all(block_.get() + begin_, end_ - begin_);
  begin_ = searched_ = end_;
  return all;
}

// Moves what is left to the front, or to a larger block where a line fills all of it.
Status LineReader::make_room() {
  const size_t left = end_ - begin_;
  if (left < capacity_ && begin_ > 0) {
    std::memmove(block_.get(), block_.get() + begin_, left);
  } else if (left == capacity_) {
    const size_t larger = std::max(capacity_, std::min(2 * capacity_, options_.longest_line + kBlockBytes));
    if (larger == capacity_) return too_long();
    std::unique_ptr<char[]> block(new char[larger]);
    std::memcpy(block.get(), block_.get() + begin_, left);
    block_ = std::move(block);
    capacity_ = larger;
  }
  searched_ -= begin_;
  begin_ = 0;
  end_ = left;
  return {};
}

// False: a signal asks to stop. What was read of an unfinished line is then dropped.
Result<bool> LineReader::fill() {
  if (options_.before_read) {
    if (Status status = options_.before_read(); !status.ok()) return status;
  }
  if (Status status = make_room(); !status.ok()) return status;
  for (;;) {
    if (options_.signals != nullptr && !options_.signals->wait_readable(options_.fd)) return false;
    const ssize_t got = ::read(options_.fd, block_.get() + end_, capacity_ - end_);
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (got < 0) return Status::from_errno("standard input", errno);
    ended_ = got == 0;
    end_ += static_cast<size_t>(got);
    bytes_read_ += static_cast<size_t>(got);
    return true;
  }
}

}  // namespace mqctl
