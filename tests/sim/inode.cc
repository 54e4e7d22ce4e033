#include "tests/sim/inode.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

namespace mqctl::sim {
namespace {

uint64_t sectors(uint64_t bytes) { return (bytes + kSectorBytes - 1) / kSectorBytes; }
uint64_t rounded(uint64_t bytes) { return (bytes + kPageBytes - 1) / kPageBytes * kPageBytes; }

}  // namespace

void Inode::resize(uint64_t size_bytes) {
  if (rounded(size_bytes) > content_.size()) {
    if (mappings > 0) std::abort();  // the simulation cannot do it, and libstore never does
    content_.resize(rounded(size_bytes));
  }
  if (size_bytes < size_)
    std::fill(content_.begin() + static_cast<ptrdiff_t>(size_bytes), content_.end(), std::byte{0});
  size_ = size_bytes;
  pages_.resize(rounded(size_bytes) / kPageBytes);
}

void Inode::write(uint64_t position, Bytes bytes) {
  if (position + bytes.size() > size_) {
    resize(position + bytes.size());
    by_steps_ = true;
  }
  if (!bytes.empty()) std::memcpy(content_.data() + position, bytes.data(), bytes.size());
  mark_written(position, bytes.size());
  allocate(position, bytes.size());
}

size_t Inode::read(uint64_t position, MutableBytes into) const {
  if (position >= size_) return 0;
  const size_t length = std::min<uint64_t>(into.size(), size_ - position);
  if (length > 0) std::memcpy(into.data(), content_.data() + position, length);
  return length;
}

void Inode::allocate(uint64_t position, uint64_t length) {
  const uint64_t end = std::min(position + length, pages_.size() * kPageBytes);
  for (uint64_t page = position / kPageBytes; page * kPageBytes < end; ++page) pages_[page] = true;
}

bool Inode::has_page(uint64_t position) const {
  const uint64_t page = position / kPageBytes;
  return page < pages_.size() && pages_[page];
}

uint64_t Inode::unallocated(uint64_t position, uint64_t length) const {
  uint64_t bytes = 0;
  for (uint64_t page = position / kPageBytes; page * kPageBytes < position + length; ++page) {
    if (!has_page(page * kPageBytes)) bytes += kPageBytes;
  }
  return bytes;
}

uint64_t Inode::allocated_bytes() const {
  return static_cast<uint64_t>(std::count(pages_.begin(), pages_.end(), true)) * kPageBytes;
}

bool Inode::hole_written() const {
  for (uint64_t page = 0; page < pages_.size(); ++page) {
    const auto begin = content_.begin() + static_cast<ptrdiff_t>(page * kPageBytes);
    if (!pages_[page] && std::any_of(begin, begin + kPageBytes, [](std::byte b) { return b != std::byte{0}; }))
      return true;
  }
  return false;
}

// Sectors behind the end are zeros.
Bytes Inode::sector(const std::vector<std::byte>& side, uint64_t number) const {
  static const std::vector<std::byte> zeros(kSectorBytes);
  const uint64_t begin = number * kSectorBytes;
  return begin + kSectorBytes <= side.size() ? Bytes(side.data() + begin, kSectorBytes) : Bytes(zeros);
}

bool Inode::dirty(uint64_t number) const {
  return std::memcmp(sector(content_, number).data(), sector(durable_, number).data(), kSectorBytes) != 0;
}

void Inode::copy_sector(uint64_t number) {
  const Bytes from = sector(content_, number);
  const auto given_up = given_up_.find(number);
  if (given_up != given_up_.end()) {
    if (std::memcmp(given_up->second.data(), from.data(), kSectorBytes) == 0) return;
    given_up_.erase(given_up);
  }
  std::memcpy(durable_.data() + number * kSectorBytes, from.data(), kSectorBytes);
}

void Inode::sync(uint64_t position, uint64_t length) {
  const uint64_t begin = position / kPageBytes * kPageBytes, end = std::min(rounded(position + length), rounded(size_));
  durable_.resize(std::max<size_t>(durable_.size(), rounded(size_)));
  durable_size_ = size_;
  by_steps_ = false;
  for (uint64_t number = begin / kSectorBytes; number < sectors(end); ++number) {
    if (dirty(number)) copy_sector(number);
  }
}

void Inode::sync_all() {
  sync(0, size_);
  if (size_ < durable_.size())
    std::fill(durable_.begin() + static_cast<ptrdiff_t>(size_), durable_.end(), std::byte{0});
}

void Inode::lose(uint64_t position, uint64_t length) {
  for (uint64_t number = position / kSectorBytes; number < sectors(std::min(position + length, size_)); ++number) {
    const Bytes bytes = sector(content_, number);
    if (dirty(number)) given_up_[number].assign(bytes.begin(), bytes.end());
  }
}

void Inode::mark_written(uint64_t position, uint64_t length) {
  const uint64_t begin = position / kPageBytes * kPageBytes;
  given_up_.erase(given_up_.lower_bound(begin / kSectorBytes),
                  given_up_.lower_bound(rounded(position + length) / kSectorBytes));
}

void Inode::write_back(Random& random) {
  if (durable_size_ != size_) return;  // the size goes first, with a sync
  const int share = random.number(1, 100);
  for (uint64_t number = 0; number < sectors(size_); ++number) {
    if (dirty(number) && random.percent(share)) copy_sector(number);
  }
}

// What was written behind the end may have come to the disk up to any of its pages; what was set at once is all or
// nothing.
uint64_t Inode::size_after_power_cut(Survival survival, Random& random) const {
  if (survival == Survival::kEverything) return size_;
  if (survival == Survival::kNothing || random.percent(50)) return durable_size_;
  if (!by_steps_ || size_ <= durable_size_ || random.percent(50)) return size_;
  return std::min(size_, rounded(durable_size_ + random.below(size_ - durable_size_ + 1)));
}

Inode Inode::after_power_cut(Survival survival, Random& random) const {
  Inode kept;
  kept.resize(size_after_power_cut(survival, random));
  if (!durable_.empty()) kept.write(0, Bytes(durable_.data(), std::min<uint64_t>(durable_.size(), kept.size_)));
  const uint64_t prefix = random.below(sectors(size_) + 1);
  bool page_kept = false;
  for (uint64_t number = 0; number < sectors(kept.size_); ++number) {
    if (number % (kPageBytes / kSectorBytes) == 0) page_kept = random.percent(50);
    if (!dirty(number) || survival == Survival::kNothing) continue;
    if (survival == Survival::kSectors && random.percent(50)) continue;
    if (survival == Survival::kPages && !page_kept) continue;
    if (survival == Survival::kPrefix && number >= prefix) continue;
    if (given_up_.contains(number)) continue;
    const Bytes bytes = sector(content_, number);
    const uint64_t begin = number * kSectorBytes;
    kept.write(begin, bytes.first(std::min<uint64_t>(kSectorBytes, kept.size_ - begin)));
  }
  kept.pages_.assign(kept.pages_.size(), false);
  for (size_t page = 0; page < std::min(pages_.size(), kept.pages_.size()); ++page) kept.pages_[page] = pages_[page];
  kept.modified = modified;
  kept.sync_all();
  return kept;
}

Inode Inode::as_seen() const {
  Inode copy = *this;
  copy.mappings = 0;
  return copy;
}

uint64_t Inode::flip_bit(Random& random) {
  const uint64_t at = random.below(size_);
  content_[at] ^= static_cast<std::byte>(1 << random.below(8));
  sync_all();
  return at;
}

}  // namespace mqctl::sim
