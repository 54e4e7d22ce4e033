// Big-endian loads and stores: every binary integer in every file of a store and on the wire is big-endian,
// two's complement and unaligned (docs/store-format.md). Bounds are the caller's: REQUIRES at + sizeof(T) <= size.
#pragma once

#include <bit>
#include <cassert>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <type_traits>

namespace mqctl {

using Bytes = std::span<const std::byte>;
using MutableBytes = std::span<std::byte>;

namespace detail {
template <std::integral T>
constexpr T swap_if_little(T value) {
  using U = std::make_unsigned_t<T>;
  auto bits = static_cast<U>(value);
  if constexpr (std::endian::native == std::endian::little) {
    if constexpr (sizeof(T) == 2) bits = __builtin_bswap16(bits);
    if constexpr (sizeof(T) == 4) bits = __builtin_bswap32(bits);
    if constexpr (sizeof(T) == 8) bits = __builtin_bswap64(bits);
  }
  return static_cast<T>(bits);
}
}  // namespace detail

template <std::integral T>
T load_be(const std::byte* from) {
  T raw;
  std::memcpy(&raw, from, sizeof raw);
  return detail::swap_if_little(raw);
}

template <std::integral T>
T load_be(Bytes bytes, size_t at) {
  assert(at <= bytes.size() && sizeof(T) <= bytes.size() - at);
  return load_be<T>(bytes.data() + at);
}

template <std::integral T>
void store_be(std::byte* to, T value) {
  const T raw = detail::swap_if_little(value);
  std::memcpy(to, &raw, sizeof raw);
}

template <std::integral T>
void store_be(MutableBytes bytes, size_t at, T value) {
  assert(at <= bytes.size() && sizeof(T) <= bytes.size() - at);
  store_be(bytes.data() + at, value);
}

inline std::string_view as_text(Bytes bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }
inline Bytes as_bytes(std::string_view text) { return {reinterpret_cast<const std::byte*>(text.data()), text.size()}; }

}  // namespace mqctl
