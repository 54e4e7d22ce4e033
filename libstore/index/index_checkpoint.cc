#include "libstore/index/index_checkpoint.h"

#include <array>

#include "libstore/base/crc32.h"

namespace mqctl {
namespace {

constexpr size_t kHeaderAt = 8, kSlotsAt = kHeaderAt + IndexHeader::kEncodedBytes, kEntriesAt = kSlotsAt + 4;
constexpr size_t kCrcAt = kEntriesAt + 4, kEncodedBytes = kCrcAt + 4;
using Encoded = std::array<std::byte, kEncodedBytes>;

// Entry 0 is never used. A broker maps the file whole, and Java counts a mapping's bytes in an int.
bool possible(const IndexGeometry& geometry) {
  return geometry.slots > 0 && geometry.entries > 1 && geometry.file_bytes() <= INT32_MAX;
}

uint32_t crc_of(const Encoded& bytes) { return masked_crc32(Bytes(bytes).first(kCrcAt)); }

Encoded encode(const IndexMark& mark) {
  Encoded bytes{};
  store_be(bytes, 0, mark.file);
  mark.header.store(bytes.data() + kHeaderAt);
  store_be(bytes, kSlotsAt, mark.geometry.slots);
  store_be(bytes, kEntriesAt, mark.geometry.entries);
  store_be(bytes, kCrcAt, crc_of(bytes));
  return bytes;
}

}  // namespace

Result<std::optional<IndexMark>> IndexCheckpoint::load() const {
  const std::optional<IndexMark> none;
  if (path_.empty()) return none;
  Result<std::unique_ptr<File>> file = fs_.open(path_, OpenMode::kRead);
  if (!file && file.error().code() == Errc::kNotFound) return none;
  if (!file) return std::move(file).error();
  Encoded bytes{};
  Result<size_t> got = (*file)->read_at(0, bytes);
  if (!got) return std::move(got).error();
  if (*got < bytes.size() || load_be<uint32_t>(bytes, kCrcAt) != crc_of(bytes)) return none;
  IndexMark mark;
  mark.file = load_be<int64_t>(bytes, 0);
  mark.header = IndexHeader::load(bytes.data() + kHeaderAt);
  mark.geometry = {load_be<uint32_t>(bytes, kSlotsAt), load_be<uint32_t>(bytes, kEntriesAt)};
  return possible(mark.geometry) ? std::optional(mark) : none;
}

Status IndexCheckpoint::save(const IndexMark& mark) {
  if (path_.empty()) return {};
  Result<std::unique_ptr<File>> file = fs_.open(path_, OpenMode::kOpenOrCreate);
  if (!file) return std::move(file).error();
  if (Status status = (*file)->write_at(0, encode(mark)); !status.ok()) return status;
  if (Status status = (*file)->sync(); !status.ok()) return status;
  return fs_.sync_directory(parent_path(path_));
}

Status IndexCheckpoint::forget() {
  if (path_.empty()) return {};
  // Also where it is gone already: that may not be on disk.
  Status removed = fs_.remove(path_);
  if (!removed.ok() && removed.code() != Errc::kNotFound) return removed;
  return fs_.sync_directory(parent_path(path_));
}

}  // namespace mqctl
