// SimulatedDisk: a file system in memory that knows what is on disk and what only the kernel has, fails when it is told
// to, and can be cut off from power or from its process between any two calls.
//
// Directory entries (creations, renames, removals) are durable once their directory was synced; before, a power cut
// keeps any of them. Contents as in inode.h. After the cut every call fails and changes nothing: the program under test
// winds up against a dead machine, and the next one is started on what the cut left.
// Deterministic: chance comes from the seed alone. Not thread-safe: the store runs with Background::kSteps.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "libstore/os/file_system.h"
#include "tests/sim/inode.h"

namespace mqctl::sim {

enum class Cut : uint8_t { kKill, kPower };  // the process alone dies, or the machine
// kUntold: the call does what it should and says that it failed.
enum class Fault : uint8_t { kIoError, kNoSpace, kShortWrite, kUntold };

class SimulatedDisk final : public FileSystem {
 public:
  explicit SimulatedDisk(uint64_t seed);
  ~SimulatedDisk() override;

  // --- What is to happen ---
  // Before the call that is so many calls away: 0 is the next.
  void cut_at(uint64_t calls_away, Cut cut);
  void fail_at(uint64_t calls_away, Fault fault, int calls);
  void repair();  // no fault and no cut from here on
  void set_capacity(uint64_t bytes) { capacity_ = bytes; }
  std::string flip_bit_somewhere(Random& random);  // gives the place
  void lose_tree(const std::string& directory);    // somebody removes it, and that is on disk

  // --- What happened ---
  bool cut() const { return left_ != nullptr; }
  // What the cut left, as another disk. This one is dead.
  std::unique_ptr<SimulatedDisk> take_left() { return std::move(left_); }
  std::unique_ptr<SimulatedDisk> cut_now(Cut cut);
  // The process starts anew and the kernel goes on, with what it gave up when a sync failed.
  void restart_process() { repair(); }
  uint64_t calls() const { return calls_; }
  // Told of each call before it is made.
  using OnCall = std::function<void(uint64_t number, std::string_view call, const std::string& path)>;
  void on_call(OnCall listener) { on_call_ = std::move(listener); }
  // Calls that failed since it was asked last.
  uint64_t take_faults() { return std::exchange(faults_, 0); }
  // A path whose mapping was written where no block was taken.
  std::optional<std::string> written_hole() const;

  // --- FileSystem ---
  Result<std::unique_ptr<File>> open(const std::string& path, OpenMode mode) override;
  Result<FileStat> stat(const std::string& path) override;
  Result<std::vector<DirectoryEntry>> list(const std::string& directory) override;
  Status create_directories(const std::string& directory) override;
  Status rename(const std::string& from, const std::string& to) override;
  Status remove(const std::string& path) override;
  Status sync_directory(const std::string& directory) override;
  Result<SpaceInfo> space(const std::string& path) override;

 private:
  std::unique_ptr<SimulatedDisk> image(Cut cut);
  friend class SimulatedFile;
  friend class SimulatedRegion;
  using InodePtr = std::shared_ptr<Inode>;  // null: a directory
  using Names = std::map<std::string, InodePtr>;
  struct Change {
    std::string directory;
    std::string gone, come;  // a name that leaves, a name that comes; either may be empty
    InodePtr inode;
  };

  // Every call asks first: counts, cuts, fails.
  Status before_call(std::string_view call, const std::string& path);
  std::optional<Fault> pending_fault();
  // What a call that has taken effect says.
  Status outcome(const std::string& path) const;
  static void apply(Names& names, const Change& change);
  void change(const std::string& directory, std::string gone, std::string come, InodePtr inode);
  Names names_after_power_cut(Random& random) const;
  uint64_t used_bytes() const;
  Status take_blocks(Inode& inode, uint64_t position, uint64_t length, const std::string& path);

  Random random_;
  Names names_, durable_;
  std::vector<Change> unsynced_;
  uint64_t calls_ = 0;
  OnCall on_call_;
  std::optional<std::pair<uint64_t, Cut>> cut_at_;
  struct Faults {
    uint64_t from = 0, to = 0;
    Fault kind = Fault::kIoError;
  };
  std::optional<Faults> faults_at_;
  uint64_t faults_ = 0;
  std::optional<Fault> fault_;  // of the call that goes on
  uint64_t capacity_ = UINT64_MAX;
  std::unique_ptr<SimulatedDisk> left_;
  bool dead_ = false;
};

}  // namespace mqctl::sim
