#include "tests/sim/simulated_disk.h"

#include <algorithm>
#include <array>

#include "tests/sim/simulated_file.h"

namespace mqctl::sim {
namespace {

Status missing(const std::string& path) { return Status::error(Errc::kNotFound, "there is none").at(path); }

bool lies_in(const std::string& path, const std::string& directory) {
  return path.size() > directory.size() + 1 && path.compare(0, directory.size(), directory) == 0 &&
         path[directory.size()] == '/' && path.find('/', directory.size() + 1) == std::string::npos;
}

}  // namespace

SimulatedDisk::SimulatedDisk(uint64_t seed) : random_(seed) {}
SimulatedDisk::~SimulatedDisk() = default;

void SimulatedDisk::cut_at(uint64_t calls_away, Cut cut) { cut_at_ = {calls_ + calls_away, cut}; }

void SimulatedDisk::fail_at(uint64_t calls_away, Fault fault, int calls) {
  faults_at_ = Faults{calls_ + calls_away, calls_ + calls_away + static_cast<uint64_t>(calls), fault};
}

void SimulatedDisk::repair() {
  cut_at_.reset();
  faults_at_.reset();
}

std::optional<Fault> SimulatedDisk::pending_fault() {
  const uint64_t call = calls_ - 1;
  if (!faults_at_ || call < faults_at_->from || call >= faults_at_->to) return std::nullopt;
  ++faults_;
  return faults_at_->kind;
}

Status SimulatedDisk::before_call(std::string_view call, const std::string& path) {
  if (on_call_ && !dead_) on_call_(calls_, call, path);
  if (!dead_ && cut_at_ && calls_ >= cut_at_->first) {
    left_ = cut_now(cut_at_->second);
  }
  if (dead_) return Status::error(Errc::kIoError, "the machine is off").at(path);
  ++calls_;
  if (random_.percent(10) && !names_.empty()) {
    const auto any = std::next(names_.begin(), static_cast<ptrdiff_t>(random_.below(names_.size())));
    if (any->second != nullptr) any->second->write_back(random_);
  }
  fault_ = pending_fault();
  if (!fault_ || *fault_ == Fault::kShortWrite || *fault_ == Fault::kUntold) return {};
  if (*fault_ == Fault::kNoSpace) return Status::error(Errc::kNoSpace, "simulated: no space left").at(path);
  return Status::error(Errc::kIoError, "simulated: input/output error").at(path);
}

Status SimulatedDisk::outcome(const std::string& path) const {
  if (fault_ != Fault::kUntold) return {};
  return Status::error(Errc::kIoError, "simulated: input/output error, after all was done").at(path);
}

void SimulatedDisk::apply(Names& names, const Change& change) {
  if (!change.gone.empty()) names.erase(change.gone);
  if (!change.come.empty()) names[change.come] = change.inode;
}

void SimulatedDisk::change(const std::string& directory, std::string gone, std::string come, InodePtr inode) {
  unsynced_.push_back({directory, std::move(gone), std::move(come), std::move(inode)});
  apply(names_, unsynced_.back());
}

SimulatedDisk::Names SimulatedDisk::names_after_power_cut(Random& random) const {
  Names kept = durable_;
  const std::array<int, 4> shares{0, 50, 80, 100};
  const int share = shares[random.below(shares.size())];
  for (const Change& each : unsynced_) {
    if (random.percent(share)) apply(kept, each);
  }
  return kept;
}

// Of a killed process everything stays, synced or not; the kernel goes on.
std::unique_ptr<SimulatedDisk> SimulatedDisk::image(Cut cut) {
  auto left = std::make_unique<SimulatedDisk>(random_.next());
  left->capacity_ = capacity_;
  left->on_call_ = on_call_;
  std::map<const Inode*, InodePtr> copies;
  const auto survival = static_cast<Survival>(random_.below(5));
  const auto copy_of = [&](const InodePtr& inode) {
    if (inode == nullptr) return inode;
    InodePtr& copy = copies[inode.get()];
    if (copy == nullptr) {
      copy = std::make_shared<Inode>(cut == Cut::kKill ? inode->as_seen() : inode->after_power_cut(survival, random_));
    }
    return copy;
  };
  for (const auto& [path, inode] : cut == Cut::kKill ? names_ : names_after_power_cut(random_)) {
    left->names_[path] = copy_of(inode);
  }
  if (cut == Cut::kPower) {
    left->durable_ = left->names_;
    return left;
  }
  for (const auto& [path, inode] : durable_) left->durable_[path] = copy_of(inode);
  for (const Change& each : unsynced_)
    left->unsynced_.push_back({each.directory, each.gone, each.come, copy_of(each.inode)});
  return left;
}

std::unique_ptr<SimulatedDisk> SimulatedDisk::cut_now(Cut cut) {
  std::unique_ptr<SimulatedDisk> left = image(cut);
  dead_ = true;
  return left;
}

std::string SimulatedDisk::flip_bit_somewhere(Random& random) {
  std::vector<std::pair<std::string, Inode*>> files;
  for (const auto& [path, inode] : names_) {
    if (inode != nullptr && inode->size() > 0) files.emplace_back(path, inode.get());
  }
  if (files.empty()) return "nowhere";
  const auto& [path, inode] = files[random.below(files.size())];
  return path + " at " + std::to_string(inode->flip_bit(random));
}

void SimulatedDisk::lose_tree(const std::string& directory) {
  const auto in_it = [&](const auto& name) { return name.first.starts_with(directory + "/"); };
  std::erase_if(names_, in_it);
  std::erase_if(durable_, in_it);
  std::erase_if(unsynced_, [&](const Change& change) { return (change.directory + "/").starts_with(directory + "/"); });
}

std::optional<std::string> SimulatedDisk::written_hole() const {
  for (const auto& [path, inode] : names_) {
    const bool mapped = path.find("/config/") == std::string::npos;
    if (mapped && inode != nullptr && inode->hole_written()) return path;
  }
  return std::nullopt;
}

uint64_t SimulatedDisk::used_bytes() const {
  uint64_t bytes = 0;
  for (const auto& [path, inode] : names_) bytes += inode == nullptr ? 0 : inode->allocated_bytes();
  return bytes;
}

Status SimulatedDisk::take_blocks(Inode& inode, uint64_t position, uint64_t length, const std::string& path) {
  if (capacity_ != UINT64_MAX && used_bytes() + inode.unallocated(position, length) > capacity_) {
    return Status::error(Errc::kNoSpace, "simulated: the disk is full").at(path);
  }
  return {};
}

Result<std::unique_ptr<File>> SimulatedDisk::open(const std::string& path, OpenMode mode) {
  if (Status status = before_call("open", path); !status.ok()) return status;
  const auto found = names_.find(path);
  const bool there = found != names_.end();
  if (there && found->second == nullptr) return Status::error(Errc::kInvalidArgument, "is a directory").at(path);
  if (there && mode == OpenMode::kCreateExclusive) return Status::error(Errc::kExists, "is there").at(path);
  if (!there && (mode == OpenMode::kRead || mode == OpenMode::kReadWrite)) return missing(path);
  const std::string directory = parent_path(path);
  if (!there && !names_.contains(directory)) return missing(directory);
  if (!there) change(directory, "", path, std::make_shared<Inode>());
  if (Status status = there ? Status() : outcome(path); !status.ok()) return status;
  return std::unique_ptr<File>(std::make_unique<SimulatedFile>(*this, names_[path], path));
}

Result<FileStat> SimulatedDisk::stat(const std::string& path) {
  if (Status status = before_call("stat", path); !status.ok()) return status;
  const auto found = names_.find(path);
  if (found == names_.end()) return missing(path);
  if (found->second == nullptr) return FileStat{FileKind::kDirectory, 0, 0, {}};
  return FileStat{FileKind::kRegular, found->second->size(), found->second->allocated_bytes(), found->second->modified};
}

Result<std::vector<DirectoryEntry>> SimulatedDisk::list(const std::string& directory) {
  if (Status status = before_call("list", directory); !status.ok()) return status;
  if (!names_.contains(directory)) return missing(directory);
  std::vector<DirectoryEntry> entries;
  for (auto each = names_.upper_bound(directory); each != names_.end(); ++each) {
    if (!lies_in(each->first, directory)) continue;
    entries.push_back({base_name(each->first), each->second == nullptr ? FileKind::kDirectory : FileKind::kRegular});
  }
  return entries;
}

// Made and synced at once, as the interface says: cut before, or after.
Status SimulatedDisk::create_directories(const std::string& directory) {
  if (Status status = before_call("create_directories", directory); !status.ok()) return status;
  for (std::string path = directory; path.size() > 1; path = parent_path(path)) {
    const auto found = names_.find(path);
    if (found != names_.end() && found->second != nullptr) {
      return Status::error(Errc::kExists, "is there and not a directory").at(path);
    }
    names_[path] = durable_[path] = nullptr;
  }
  return outcome(directory);
}

Status SimulatedDisk::rename(const std::string& from, const std::string& to) {
  if (Status status = before_call("rename", from); !status.ok()) return status;
  const auto found = names_.find(from);
  if (found == names_.end()) return missing(from);
  change(parent_path(to), from, to, InodePtr(found->second));
  return outcome(from);
}

Status SimulatedDisk::remove(const std::string& path) {
  if (Status status = before_call("remove", path); !status.ok()) return status;
  const auto found = names_.find(path);
  if (found == names_.end()) return missing(path);
  const auto next = std::next(found);
  if (found->second == nullptr && next != names_.end() && next->first.compare(0, path.size() + 1, path + "/") == 0) {
    return Status::error(Errc::kExists, "the directory is not empty").at(path);
  }
  change(parent_path(path), path, "", nullptr);
  return outcome(path);
}

Status SimulatedDisk::sync_directory(const std::string& directory) {
  if (Status status = before_call("sync_directory", directory); !status.ok()) return status;
  if (!names_.contains(directory)) return missing(directory);
  std::erase_if(unsynced_, [&](const Change& each) {
    if (each.directory != directory) return false;
    apply(durable_, each);
    return true;
  });
  return outcome(directory);
}

Result<SpaceInfo> SimulatedDisk::space(const std::string& path) {
  if (Status status = before_call("space", path); !status.ok()) return status;
  const uint64_t total = capacity_ == UINT64_MAX ? uint64_t{1} << 40 : capacity_;
  return SpaceInfo{.total_bytes = total, .available_bytes = total - std::min(total, used_bytes())};
}

}  // namespace mqctl::sim
