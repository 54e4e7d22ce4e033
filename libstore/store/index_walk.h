// IndexWalk: all entries of all index files in the order they were made, which is log order, once, checking on the way
// what a file says about itself: chains (by doing the insertions again in memory, one file at a time), slots, header.
//
// What is wrong inside a file is one problem per file: the first place and how many more.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "libstore/index/index_reader.h"

namespace mqctl {

struct IndexProblem {
  uint64_t position = 0;  // in the file
  uint64_t length = 0;
  std::string detail;
  uint64_t more = 0;
};

struct WalkedIndexFile {
  std::string path;
  uint64_t size_bytes = 0;
  bool readable = false;
  std::optional<IndexProblem> problem;
};

class IndexWalk {
 public:
  IndexWalk(FileSystem& fs, std::vector<std::string> paths) : fs_(fs), paths_(std::move(paths)) {}
  // Finds out how the files are divided and begins with the first.
  Status open();

  bool at_end() const { return !reader_; }
  // REQUIRES for all below: !at_end().
  const IndexEntry& entry() const { return entry_; }
  uint32_t number() const { return number_; }
  const std::string& path() const { return reader_->path(); }
  uint64_t position() const { return reader_->geometry().entry_at(number_); }
  const IndexHeader& header() const { return reader_->header(); }
  Status next();
  // Something wrong in the file of this entry.
  void add_problem(uint64_t position, uint64_t length, std::string detail);

  // Counts files that could not be read so far: where it grows, entries are unknown rather than missing.
  uint64_t unreadable() const { return unreadable_; }
  // One for each path, as far as walked.
  const std::vector<WalkedIndexFile>& files() const { return files_; }
  uint64_t usual_size() const { return usual_size_; }

 private:
  Status enter_next();
  Status load();
  Status replay();
  Status leave();

  FileSystem& fs_;
  const std::vector<std::string> paths_;
  uint64_t usual_size_ = 0;
  std::optional<IndexGeometry> geometry_;
  std::optional<IndexReader> reader_;
  size_t next_path_ = 0;
  uint32_t number_ = 0;
  IndexEntry entry_, first_, last_;
  std::vector<int32_t> slots_;
  int32_t used_slots_ = 0;
  uint64_t unreadable_ = 0;
  std::vector<WalkedIndexFile> files_;
};

}  // namespace mqctl
