// Inode: a simulated file's bytes twice: as the running system sees them, and as the disk has them.
//
// What is written, through a call or through a mapping, changes the system's side alone; a sync copies to the disk's.
// Mapped writes need no help: whatever differs between the two sides was not synced. Sizes in bytes, the unit of what a
// power cut keeps or loses is a sector. Not thread-safe, save that plain reads of mapped bytes may run in parallel.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "libstore/base/bytes.h"
#include "libstore/base/types.h"
#include "tests/sim/random.h"

namespace mqctl::sim {

inline constexpr uint64_t kSectorBytes = 512, kPageBytes = 4096;

// How much of what was not synced a power cut lets through.
enum class Survival : uint8_t { kNothing, kEverything, kSectors, kPages, kPrefix };

class Inode {
 public:
  // --- As the system sees it ---
  uint64_t size() const { return size_; }
  std::byte* data() { return content_.data(); }
  void resize(uint64_t size_bytes);
  void write(uint64_t position, Bytes bytes);
  size_t read(uint64_t position, MutableBytes into) const;
  // Real blocks. A mapped write to a page without is what raises SIGBUS on a full disk; see hole_written().
  void allocate(uint64_t position, uint64_t length);
  uint64_t allocated_bytes() const;
  uint64_t unallocated(uint64_t position, uint64_t length) const;
  bool has_page(uint64_t position) const;
  // Bytes were written through a mapping where no block was taken before.
  bool hole_written() const;
  EpochMs modified;
  int mappings = 0;

  // --- As the disk has it ---
  void sync(uint64_t position, uint64_t length);
  void sync_all();
  // The kernel gives up what it could not write: a later sync says yes and writes nothing of it.
  void lose(uint64_t position, uint64_t length);
  // The pages of the range are dirty again.
  void mark_written(uint64_t position, uint64_t length);
  // What the kernel writes on its own at any time.
  void write_back(Random& random);
  // The file a power cut leaves.
  Inode after_power_cut(Survival survival, Random& random) const;
  // The file as the system saw it, with what the kernel has given up.
  Inode as_seen() const;
  uint64_t flip_bit(Random& random);  // gives the byte's position

 private:
  uint64_t size_after_power_cut(Survival survival, Random& random) const;
  Bytes sector(const std::vector<std::byte>& side, uint64_t number) const;
  bool dirty(uint64_t number) const;
  void copy_sector(uint64_t number);

  std::vector<std::byte> content_;  // never moved while it is mapped
  uint64_t size_ = 0;
  std::vector<std::byte> durable_;
  uint64_t durable_size_ = 0;
  bool by_steps_ = false;                                // the size grew by writing behind the end
  std::vector<bool> pages_;                              // of the content: whether there is a block
  std::map<uint64_t, std::vector<std::byte>> given_up_;  // sectors, as they were when their sync failed
};

}  // namespace mqctl::sim
