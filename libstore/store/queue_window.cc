#include "libstore/store/queue_window.h"

#include <algorithm>

namespace mqctl {
namespace {

constexpr int64_t kUnit = ConsumeQueueUnit::kEncodedBytes;

std::string piece_name(int64_t base) {
  const std::string digits = std::to_string(base);
  return std::string(20 - std::min<size_t>(20, digits.size()), '0') + digits;
}

}  // namespace

int64_t QueueFiles::first_unit() const { return pieces_.empty() ? 0 : pieces_.front().base / kUnit; }

int64_t QueueFiles::end_unit() const {
  if (pieces_.empty()) return 0;
  return pieces_.back().base / kUnit + static_cast<int64_t>(pieces_.back().size_bytes) / kUnit;
}

const QueueFiles::Piece* QueueFiles::piece_of(int64_t unit) const {
  auto next = std::upper_bound(pieces_.begin(), pieces_.end(), unit,
                               [](int64_t at, const Piece& piece) { return at < piece.base / kUnit; });
  if (next == pieces_.begin()) return nullptr;
  const Piece& piece = *std::prev(next);
  return unit - piece.base / kUnit < static_cast<int64_t>(piece.size_bytes) / kUnit ? &piece : nullptr;
}

Status QueueFiles::fill(const Piece& piece, int64_t unit) {
  window_.clear();
  Result<std::unique_ptr<File>> file = fs_->open(join_path(directory_, piece_name(piece.base)), OpenMode::kRead);
  if (!file && file.error().code() == Errc::kNotFound) return {};  // expired under our eyes
  if (!file) return std::move(file).error();
  const auto position = static_cast<uint64_t>(unit * kUnit - piece.base);
  const uint64_t room = (piece.size_bytes - position) / kUnit * kUnit;
  window_.resize(static_cast<size_t>(std::min<uint64_t>(room, window_units_ * kUnit)));
  Result<size_t> got = (*file)->read_at(position, window_);
  window_.resize(got ? *got / kUnit * kUnit : 0);
  window_first_ = unit;
  return got ? Status() : std::move(got).error();
}

bool QueueFiles::in_window(int64_t unit) const {
  return unit >= window_first_ && unit - window_first_ < static_cast<int64_t>(window_.size()) / kUnit;
}

Result<std::optional<ConsumeQueueUnit>> QueueFiles::unit(int64_t unit) {
  if (!in_window(unit)) {
    const Piece* piece = piece_of(unit);
    if (piece == nullptr) return std::optional<ConsumeQueueUnit>();
    if (Status status = fill(*piece, unit); !status.ok()) return status;
    if (!in_window(unit)) return std::optional<ConsumeQueueUnit>();
  }
  return std::optional(ConsumeQueueUnit::load(window_.data() + (unit - window_first_) * kUnit));
}

Result<int64_t> QueueFiles::next_unit(int64_t unit) {
  for (const Piece& piece : pieces_) {
    const int64_t first = piece.base / kUnit, end = first + static_cast<int64_t>(piece.size_bytes) / kUnit;
    if (end <= unit) continue;
    unit = std::max(unit, first);
    Result<std::unique_ptr<File>> file = fs_->open(join_path(directory_, piece_name(piece.base)), OpenMode::kRead);
    if (!file && file.error().code() == Errc::kNotFound) continue;
    if (!file) return std::move(file).error();
    Result<uint64_t> data = (*file)->next_data(static_cast<uint64_t>(unit * kUnit - piece.base));
    if (!data) return std::move(data).error();
    unit = std::max(unit, first + static_cast<int64_t>(*data) / kUnit);
    if (unit < end) return unit;
  }
  return std::max(unit, end_unit());
}

bool QueueFiles::in_short_file(int64_t unit, uint64_t whole_bytes) const {
  return std::any_of(pieces_.begin(), pieces_.end(), [&](const Piece& piece) {
    const int64_t at = unit - piece.base / kUnit;
    return piece.size_bytes < whole_bytes && at >= static_cast<int64_t>(piece.size_bytes) / kUnit &&
           at < static_cast<int64_t>(whole_bytes) / kUnit;
  });
}

std::string QueueFiles::path_of(int64_t unit) const {
  const Piece* piece = piece_of(unit);
  return piece == nullptr ? directory_ : join_path(directory_, piece_name(piece->base));
}

uint64_t QueueFiles::position_of(int64_t unit) const {
  const Piece* piece = piece_of(unit);
  return piece == nullptr ? 0 : static_cast<uint64_t>(unit * kUnit - piece->base);
}

}  // namespace mqctl
