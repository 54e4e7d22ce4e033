// MappedFileTable: the files of a queue in order, changed by one writer at both ends, read without a lock.
//
// A ring of pointers with absolute indexes. Readers load first and end, then the ring, so the ring they see holds at
// least what those indexes promised; a slot that was taken over meanwhile shows a file that does not contain the
// offset asked for, which find() checks. The files themselves must outlive the table's readers.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

namespace mqctl {

class MappedFile;

class MappedFileTable {
 public:
  MappedFileTable();

  // Readers.
  size_t size() const;
  MappedFile* first() const;
  MappedFile* last() const;
  // The file that contains the offset, by arithmetic where the files are regular, else by looking at each.
  MappedFile* find(int64_t offset) const;

  // The writer.
  void push_back(MappedFile* file);
  void pop_front();
  void pop_back();

 private:
  struct Ring {
    explicit Ring(uint64_t capacity) : mask(capacity - 1), slots(capacity) {}
    const uint64_t mask;
    std::vector<std::atomic<MappedFile*>> slots;
    std::atomic<MappedFile*>& slot(uint64_t index) { return slots[index & mask]; }
  };
  struct Bounds {
    uint64_t first, end;
  };
  Bounds bounds() const;
  MappedFile* slot(uint64_t index) const {
    return ring_.load(std::memory_order_acquire)->slot(index).load(std::memory_order_acquire);
  }
  void grow();

  std::vector<std::unique_ptr<Ring>> rings_;  // the writer's; old ones stay for readers
  std::atomic<Ring*> ring_;                   // release: the ring's slots are filled
  std::atomic<uint64_t> first_{0};
  std::atomic<uint64_t> end_{0};  // release: the slots below it are filled
};

}  // namespace mqctl
