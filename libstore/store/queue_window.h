// The files of one consume queue for whoever walks over them once: a listing without paths and a window of units.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "libstore/index/consume_queue_reader.h"

namespace mqctl {

class QueueFiles {
 public:
  struct Piece {
    int64_t base;  // byte in the queue, from the name
    uint64_t size_bytes;
  };
  // A queue without files where the directory is not there.
  QueueFiles(FileSystem& fs, std::string directory, QueueKey key, std::vector<Piece> pieces)
      : fs_(&fs), directory_(std::move(directory)), key_(std::move(key)), pieces_(std::move(pieces)) {}

  const QueueKey& key() const { return key_; }
  const std::vector<Piece>& pieces() const { return pieces_; }
  void set_window_units(size_t units) { window_units_ = units; }

  int64_t first_unit() const;
  // Behind the last whole unit of the last file; 0 without files.
  int64_t end_unit() const;
  // The first unit at or behind `unit` that is in a file and may be other than zeros; end_unit() where none follows.
  Result<int64_t> next_unit(int64_t unit);
  // None where no file holds it.
  Result<std::optional<ConsumeQueueUnit>> unit(int64_t unit);
  bool in_window(int64_t unit) const;
  // Forgets the window: a writer may have added what was not there.
  void refresh() { window_.clear(); }
  // Whether it would be in a file that there is, had this its whole size.
  bool in_short_file(int64_t unit, uint64_t whole_bytes) const;
  std::string path_of(int64_t unit) const;
  uint64_t position_of(int64_t unit) const;

 private:
  const Piece* piece_of(int64_t unit) const;
  Status fill(const Piece& piece, int64_t unit);

  FileSystem* fs_;
  std::string directory_;
  QueueKey key_;
  std::vector<Piece> pieces_;
  size_t window_units_ = 64;
  int64_t window_first_ = 0;
  std::vector<std::byte> window_;
};

}  // namespace mqctl
