#include "libstore/log/mapped_file_table.h"

#include "libstore/log/mapped_file.h"

namespace mqctl {
namespace {
constexpr uint64_t kFirstCapacity = 16;
}

MappedFileTable::MappedFileTable() {
  rings_.push_back(std::make_unique<Ring>(kFirstCapacity));
  ring_.store(rings_.back().get(), std::memory_order_release);
}

// `end` is read before `first`, so a concurrent pop_front shows as an empty or shorter range, never a wrapped one.
MappedFileTable::Bounds MappedFileTable::bounds() const {
  const uint64_t end = end_.load(std::memory_order_acquire);
  const uint64_t first = first_.load(std::memory_order_acquire);
  return {first < end ? first : end, end};
}

size_t MappedFileTable::size() const {
  const Bounds range = bounds();
  return range.end - range.first;
}

MappedFile* MappedFileTable::first() const {
  const Bounds range = bounds();
  return range.first == range.end ? nullptr : slot(range.first);
}

MappedFile* MappedFileTable::last() const {
  const Bounds range = bounds();
  return range.first == range.end ? nullptr : slot(range.end - 1);
}

MappedFile* MappedFileTable::find(int64_t offset) const {
  const Bounds range = bounds();
  if (range.first == range.end) return nullptr;
  const MappedFile* front = slot(range.first);
  if (front == nullptr) return nullptr;
  if (offset >= front->first_offset()) {
    const auto steps = static_cast<uint64_t>(offset - front->first_offset()) / front->size();
    if (steps < range.end - range.first) {
      MappedFile* file = slot(range.first + steps);
      if (file != nullptr && file->contains(offset)) return file;
    }
  }
  for (uint64_t i = range.first; i < range.end; ++i) {
    MappedFile* file = slot(i);
    if (file != nullptr && file->contains(offset)) return file;
  }
  return nullptr;
}

void MappedFileTable::push_back(MappedFile* file) {
  if (size() > ring_.load(std::memory_order_relaxed)->mask) grow();
  const uint64_t end = end_.load(std::memory_order_relaxed);
  ring_.load(std::memory_order_relaxed)->slot(end).store(file, std::memory_order_release);
  end_.store(end + 1, std::memory_order_release);
}

void MappedFileTable::pop_front() { first_.fetch_add(1, std::memory_order_release); }

void MappedFileTable::pop_back() { end_.fetch_sub(1, std::memory_order_release); }

void MappedFileTable::grow() {
  Ring* old = rings_.back().get();
  auto larger = std::make_unique<Ring>((old->mask + 1) * 2);
  const Bounds range = bounds();
  for (uint64_t i = range.first; i < range.end; ++i) {
    larger->slot(i).store(old->slot(i).load(std::memory_order_relaxed), std::memory_order_relaxed);
  }
  ring_.store(larger.get(), std::memory_order_release);
  rings_.push_back(std::move(larger));
}

}  // namespace mqctl
