// LineReader: the lines of a descriptor, read in large blocks and handed out where they lie in the block.
//
// A line lives until the next call, and may be overwritten by the caller. Memory: the block, grown to the longest line
// there may be. Before it reads again it calls `before_read`: everything read so far has been dealt with then.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>

#include "libstore/base/result.h"

namespace mqctl {

class StopSignals;

class LineReader {
 public:
  struct Options {
    int fd = 0;
    size_t longest_line = 0;
    const StopSignals* signals = nullptr;  // a signal ends the input
    std::function<Status()> before_read;
  };
  explicit LineReader(Options options);

  // The next line without its line feed; the last one may lack it. False at the end, and after a signal.
  // kInvalidArgument: the line is too long.
  Result<bool> next(std::span<char>& line);
  // All that is left as one piece. kInvalidArgument: longer than longest_line.
  Result<std::span<char>> rest();

  uint64_t line_number() const { return line_number_; }  // of the line handed out last, from 1
  uint64_t bytes_read() const { return bytes_read_; }

 private:
  Result<bool> fill();
  Status make_room();
  Status too_long() const;

  const Options options_;
  size_t capacity_;
  std::unique_ptr<char[]> block_;
  size_t begin_ = 0;
  size_t searched_ = 0;  // no line feed in [begin_, searched_)
  size_t end_ = 0;
  bool ended_ = false;
  uint64_t line_number_ = 0;
  uint64_t bytes_read_ = 0;
};

}  // namespace mqctl
