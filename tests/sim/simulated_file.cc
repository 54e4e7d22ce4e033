#include "tests/sim/simulated_file.h"

#include <algorithm>

namespace mqctl::sim {

// A sync that fails loses what it was to write: the kernel drops the pages' dirty marks.
Status SimulatedRegion::sync(size_t position, size_t length) {
  Status status = disk_.before_call("map_sync", path_);
  if (status.ok()) {
    inode_->sync(position, length);
    return disk_.outcome(path_);
  }
  if (!disk_.dead_) inode_->lose(position, length);
  return status;
}

Result<size_t> SimulatedFile::read_at(uint64_t position, MutableBytes into) {
  if (Status status = disk_.before_call("read_at", path_); !status.ok()) return status;
  return inode_->read(position, into);
}

Status SimulatedFile::write_at(uint64_t position, Bytes bytes) {
  if (Status status = disk_.before_call("write_at", path_); !status.ok()) return status;
  if (disk_.fault_ == Fault::kShortWrite) {
    inode_->write(position, bytes.first(disk_.random_.below(bytes.size() + 1)));
    return Status::error(Errc::kIoError, "simulated: input/output error in the middle").at(path_, position);
  }
  if (Status status = disk_.take_blocks(*inode_, position, bytes.size(), path_); !status.ok()) return status;
  inode_->write(position, bytes);
  return disk_.outcome(path_);
}

Status SimulatedFile::sync() {
  Status status = disk_.before_call("sync", path_);
  if (status.ok()) {
    inode_->sync_all();
    return disk_.outcome(path_);
  }
  if (!disk_.dead_) inode_->lose(0, inode_->size());
  return status;
}

Status SimulatedFile::resize(uint64_t size_bytes) {
  if (Status status = disk_.before_call("resize", path_); !status.ok()) return status;
  inode_->resize(size_bytes);
  return disk_.outcome(path_);
}

Status SimulatedFile::allocate(uint64_t position, uint64_t length) {
  if (Status status = disk_.before_call("allocate", path_); !status.ok()) return status;
  if (Status status = disk_.take_blocks(*inode_, position, length, path_); !status.ok()) return status;
  inode_->allocate(position, length);
  return disk_.outcome(path_);
}

Result<uint64_t> SimulatedFile::size() {
  if (Status status = disk_.before_call("size", path_); !status.ok()) return status;
  return inode_->size();
}

Result<uint64_t> SimulatedFile::next_data(uint64_t from) {
  while (from < inode_->size() && !inode_->has_page(from)) from = (from / kPageBytes + 1) * kPageBytes;
  return std::min(from, inode_->size());
}

Result<uint64_t> SimulatedFile::next_hole(uint64_t from) {
  while (from < inode_->size() && inode_->has_page(from)) from = (from / kPageBytes + 1) * kPageBytes;
  return std::min(from, inode_->size());
}

Result<std::unique_ptr<MappedRegion>> SimulatedFile::map(MapMode, uint64_t length) {
  if (Status status = disk_.before_call("map", path_); !status.ok()) return status;
  if (length > inode_->size())
    return Status::error(Errc::kInvalidArgument, "simulated: mapped behind its end").at(path_);
  return std::unique_ptr<MappedRegion>(std::make_unique<SimulatedRegion>(disk_, inode_, path_, length));
}

Status SimulatedFile::set_modified(EpochMs time) {
  if (Status status = disk_.before_call("set_modified", path_); !status.ok()) return status;
  inode_->modified = time;
  return {};
}

}  // namespace mqctl::sim
