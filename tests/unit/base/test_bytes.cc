// Big-endian access, at odd places and at the bounds of the types.
#include <array>
#include <catch2/catch.hpp>
#include <limits>

#include "libstore/base/bytes.h"

using namespace mqctl;

namespace {

template <class T>
void check_round_trip() {
  for (const T value : {T{0}, T{1}, static_cast<T>(-1), std::numeric_limits<T>::min(), std::numeric_limits<T>::max()}) {
    std::array<std::byte, 24> bytes{};
    for (size_t at = 0; at < 16; ++at) {
      store_be(MutableBytes(bytes), at, value);
      CHECK(load_be<T>(Bytes(bytes), at) == value);
      CHECK(load_be<T>(bytes.data() + at) == value);
    }
  }
}

}  // namespace

TEMPLATE_TEST_CASE("What is stored is loaded, aligned or not", "", int8_t, uint8_t, int16_t, uint16_t, int32_t,
                   uint32_t, int64_t, uint64_t) {
  check_round_trip<TestType>();
}

TEST_CASE("The highest byte comes first, and nothing beside is touched") {
  std::array<std::byte, 10> bytes;
  bytes.fill(std::byte{0xEE});
  store_be(MutableBytes(bytes), 1, int64_t{0x0102030405060708});
  CHECK(bytes.front() == std::byte{0xEE});
  CHECK(bytes.back() == std::byte{0xEE});
  for (size_t i = 1; i <= 8; ++i) CHECK(bytes[i] == static_cast<std::byte>(i));
  CHECK(load_be<uint32_t>(Bytes(bytes), 1) == 0x01020304u);
  CHECK(load_be<uint16_t>(Bytes(bytes), 7) == 0x0708u);
  CHECK(load_be<uint8_t>(Bytes(bytes), 8) == 8);
}

TEST_CASE("Signs survive") {
  const std::array<std::byte, 4> bytes{std::byte{0xFF}, std::byte{0xFF}, std::byte{0xFF}, std::byte{0xFE}};
  CHECK(load_be<int32_t>(Bytes(bytes), 0) == -2);
  CHECK(load_be<uint32_t>(Bytes(bytes), 0) == 0xFFFFFFFEu);
  CHECK(load_be<int16_t>(Bytes(bytes), 2) == -2);
}

TEST_CASE("Bytes and text are two sights of the same") {
  const std::string_view text("a\0b", 3);
  const Bytes bytes = as_bytes(text);
  CHECK(bytes.size() == 3);
  CHECK(bytes[1] == std::byte{0});
  CHECK(as_text(bytes).data() == text.data());
  CHECK(as_text(bytes) == text);
  CHECK(as_text(Bytes()).empty());
}
