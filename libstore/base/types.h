// The numbers of a store that must not be mixed, each a type of its own.
//
// "Offset" means four things in RocketMQ: a byte in the endless commit log, a message in a queue, a byte in a file,
// a consumer's progress. The first two are types here; a byte in one file is a plain uint64_t called `position`.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>

namespace mqctl {

template <class Tag, class Rep>
class StrongInt {
 public:
  using rep = Rep;
  constexpr StrongInt() = default;
  explicit constexpr StrongInt(Rep value) : value_(value) {}
  constexpr Rep value() const { return value_; }
  constexpr auto operator<=>(const StrongInt&) const = default;
  constexpr StrongInt operator+(Rep delta) const { return StrongInt(static_cast<Rep>(value_ + delta)); }
  constexpr StrongInt operator-(Rep delta) const { return StrongInt(static_cast<Rep>(value_ - delta)); }
  constexpr Rep operator-(StrongInt other) const { return static_cast<Rep>(value_ - other.value_); }
  constexpr StrongInt& operator+=(Rep delta) {
    value_ = static_cast<Rep>(value_ + delta);
    return *this;
  }
  constexpr StrongInt& operator++() { return *this += 1; }

 private:
  Rep value_ = 0;
};

// Byte offset in the endless commit log: segment file name + position inside it.
using PhysicalOffset = StrongInt<struct PhysicalOffsetTag, int64_t>;
// Index of a message in one (topic, queue id); the unit number of a consume queue.
using QueueOffset = StrongInt<struct QueueOffsetTag, int64_t>;
using QueueId = StrongInt<struct QueueIdTag, int32_t>;
// Milliseconds since the Unix epoch.
using EpochMs = StrongInt<struct EpochMsTag, int64_t>;

}  // namespace mqctl

template <class Tag, class Rep>
struct std::hash<mqctl::StrongInt<Tag, Rep>> {
  size_t operator()(mqctl::StrongInt<Tag, Rep> v) const noexcept { return std::hash<Rep>()(v.value()); }
};
