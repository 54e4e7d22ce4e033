#include "cli/remoting/frame_reader.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "cli/remoting/frame_codec.h"

namespace mqctl {
namespace {

constexpr size_t kFirstCapacity = 8u << 10;
constexpr size_t kLargestIdleCapacity = 256u << 10;
constexpr size_t kWorthARead = 2u << 10;  // less room than this is made more first

}  // namespace

std::span<char> FrameReader::room() {
  if (begin_ == end_) {
    begin_ = end_ = 0;
    if (capacity_ > kLargestIdleCapacity) {
      buffer_.reset();
      capacity_ = 0;
    }
  }
  if (capacity_ - end_ < kWorthARead) compact();
  const bool wants_more = std::exchange(busy_, false) && capacity_ < kLargestIdleCapacity;
  if (wants_more || capacity_ - end_ < kWorthARead) grow();
  return {buffer_.get() + end_, capacity_ - end_};
}

void FrameReader::compact() {
  if (begin_ == 0) return;
  std::memmove(buffer_.get(), buffer_.get() + begin_, end_ - begin_);
  end_ -= begin_;
  begin_ = 0;
}

// To the limit at most: an incomplete frame is shorter than that, so a byte of room is always left.
void FrameReader::grow() {
  const size_t wanted = std::min(std::max(kFirstCapacity, capacity_ * 2), max_frame_bytes_);
  if (wanted <= capacity_) return;
  auto larger = std::make_unique_for_overwrite<char[]>(wanted);
  if (end_ > 0) std::memcpy(larger.get(), buffer_.get(), end_);
  buffer_ = std::move(larger);
  capacity_ = wanted;
}

FrameReader::Step FrameReader::next(std::string_view& frame) {
  if (!refusal_.empty()) return Step::kRefused;
  const std::string_view pending(buffer_.get() + begin_, end_ - begin_);
  if (pending.size() < kFrameLengthBytes) return Step::kNeedsMore;
  if (std::exchange(first_bytes_, false)) {
    const std::string_view other = foreign_protocol(pending);
    if (!other.empty()) return refuse("it speaks " + std::string(other) + ", which this port does not");
  }
  const Result<size_t> bytes = frame_bytes(pending.data());
  if (!bytes) return refuse(bytes.error().message());
  if (*bytes > max_frame_bytes_) return refuse("a frame of " + std::to_string(*bytes) + " bytes");
  if (pending.size() < *bytes) return Step::kNeedsMore;
  frame = pending.substr(0, *bytes);
  begin_ += *bytes;
  return Step::kFrame;
}

FrameReader::Step FrameReader::refuse(std::string why) {
  refusal_ = std::move(why);
  return Step::kRefused;
}

}  // namespace mqctl
