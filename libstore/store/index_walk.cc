#include "libstore/store/index_walk.h"

#include <algorithm>
#include <map>

namespace mqctl {

Status IndexWalk::open() {
  std::map<uint64_t, uint64_t> votes;
  for (const std::string& path : paths_) {
    Result<FileStat> stat = fs_.stat(path);
    if (!stat && stat.error().code() != Errc::kNotFound) return std::move(stat).error();
    files_.push_back({path, stat ? stat->size_bytes : 0, false, {}});
    if (stat) ++votes[stat->size_bytes];
  }
  for (const auto& [size, count] : votes) {
    if (usual_size_ == 0 || count >= votes[usual_size_]) usual_size_ = size;
  }
  for (size_t i = 0; i < paths_.size() && !geometry_; ++i) {
    if (files_[i].size_bytes != usual_size_) continue;
    Result<IndexReader> reader = IndexReader::open(fs_, paths_[i]);
    if (!reader && reader.error().code() == Errc::kIoError) return std::move(reader).error();
    if (reader) geometry_ = reader->geometry();
  }
  return enter_next();
}

// The next file with an entry; none: the end.
Status IndexWalk::enter_next() {
  reader_.reset();
  while (next_path_ < paths_.size()) {
    WalkedIndexFile& file = files_[next_path_++];
    if (!geometry_ || file.size_bytes < usual_size_) {
      ++unreadable_;
      continue;
    }
    Result<IndexReader> reader = IndexReader::open(fs_, file.path, *geometry_);
    if (!reader && reader.error().code() == Errc::kIoError) return std::move(reader).error();
    if (!reader) {
      ++unreadable_;
      continue;
    }
    file.readable = true;
    reader_ = std::move(*reader);
    slots_.assign(geometry_->slots, 0);
    used_slots_ = 0;
    number_ = 0;
    if (reader_->counts_too_many()) add_problem(36, 4, "the header counts more entries than there is room for");
    if (reader_->header().index_count > 1) return next();
    if (Status status = leave(); !status.ok()) return status;
  }
  reader_.reset();
  return {};
}

Status IndexWalk::next() {
  if (number_ + 1 < static_cast<uint32_t>(reader_->header().index_count)) {
    ++number_;
    return load();
  }
  if (Status status = leave(); !status.ok()) return status;
  return enter_next();
}

Status IndexWalk::load() {
  Result<IndexEntry> entry = reader_->entry(number_);
  if (!entry) return std::move(entry).error();
  entry_ = *entry;
  if (number_ == 1) first_ = entry_;
  last_ = entry_;
  return replay();
}

// The insertion of this entry, done again.
Status IndexWalk::replay() {
  if (entry_.key_hash < 0) {
    add_problem(position(), 4, "entry " + std::to_string(number_) + " has a negative hash");
    return {};
  }
  int32_t& slot = slots_[static_cast<uint32_t>(entry_.key_hash) % geometry_->slots];
  if (slot == 0) ++used_slots_;
  if (entry_.previous != slot) {
    add_problem(position() + 16, 4,
                "entry " + std::to_string(number_) + " goes on to entry " + std::to_string(entry_.previous) +
                    ", the one before it in its slot is " + std::to_string(slot));
  }
  slot = static_cast<int32_t>(number_);
  return {};
}

Status IndexWalk::leave() {
  for (uint32_t i = 0; i < geometry_->slots; ++i) {
    Result<int32_t> stored = reader_->slot(i);
    if (!stored) return std::move(stored).error();
    if (*stored == slots_[i]) continue;
    add_problem(geometry_->slot_at(i), 4,
                "slot " + std::to_string(i) + " says entry " + std::to_string(*stored) + ", the newest in it is " +
                    std::to_string(slots_[i]));
  }
  const IndexHeader& header = reader_->header();
  if (header.slot_count != used_slots_) {
    add_problem(32, 4,
                "the header counts " + std::to_string(header.slot_count) + " used slots, there are " +
                    std::to_string(used_slots_));
  }
  if (number_ == 0) return {};
  if (header.begin_offset != first_.physical_offset)
    add_problem(16, 8, "the header's begin offset is not the first entry's");
  if (header.end_offset != last_.physical_offset) add_problem(24, 8, "the header's end offset is not the last entry's");
  return {};
}

void IndexWalk::add_problem(uint64_t position, uint64_t length, std::string detail) {
  std::optional<IndexProblem>& problem = files_[next_path_ - 1].problem;
  if (problem) {
    ++problem->more;
  } else {
    problem = IndexProblem{position, length, std::move(detail), 0};
  }
}

}  // namespace mqctl
