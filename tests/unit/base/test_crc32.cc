// Vectors of CRC-32/ISO-HDLC, masked as RocketMQ masks it, and a slow second computation.
#include <catch2/catch.hpp>
#include <random>
#include <string>

#include "libstore/base/crc32.h"

using namespace mqctl;

namespace {

// Bit by bit, from the polynomial.
uint32_t slow_crc32(Bytes bytes) {
  uint32_t crc = 0xFFFFFFFF;
  for (const std::byte byte : bytes) {
    crc ^= static_cast<uint32_t>(byte);
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0xEDB88320u : 0u);
  }
  return ~crc;
}

}  // namespace

TEST_CASE("Known values, without their highest bit") {
  CHECK(masked_crc32(as_bytes("123456789")) == (0xCBF43926u & 0x7FFFFFFF));
  CHECK(masked_crc32(as_bytes("a")) == (0xE8B7BE43u & 0x7FFFFFFF));
  CHECK(masked_crc32(as_bytes("abc")) == 0x352441C2u);
  CHECK(masked_crc32(as_bytes("The quick brown fox jumps over the lazy dog")) == 0x414FA339u);
  CHECK(masked_crc32(as_bytes(std::string(32, '\0'))) == 0x190A55ADu);
  CHECK(masked_crc32(as_bytes(std::string(32, '\xFF'))) == (0xFF6CAB0Bu & 0x7FFFFFFF));
}

TEST_CASE("Nothing has the CRC 0") {
  CHECK(masked_crc32(Bytes()) == 0);
  CHECK(masked_crc32(as_bytes("")) == 0);
}

TEST_CASE("Every length and alignment gives what the polynomial says") {
  constexpr unsigned kSeed = 20;
  INFO("seed " << kSeed);
  std::mt19937 random(kSeed);
  std::string text(600, '\0');
  for (char& c : text) c = static_cast<char>(random());
  for (size_t from = 0; from < 17; ++from) {
    for (size_t length = 1; length < 300; length += 1 + length / 16) {
      const Bytes part = as_bytes(text).subspan(from, length);
      REQUIRE(masked_crc32(part) == (slow_crc32(part) & kCrcMask));
    }
  }
}

TEST_CASE("One bit changes it") {
  std::string text = "some body that is stored";
  const uint32_t before = masked_crc32(as_bytes(text));
  for (size_t at = 0; at < text.size(); ++at) {
    text[at] = static_cast<char>(text[at] ^ 1);
    CHECK(masked_crc32(as_bytes(text)) != before);
    text[at] = static_cast<char>(text[at] ^ 1);
  }
  CHECK(masked_crc32(as_bytes(text)) == before);
}
