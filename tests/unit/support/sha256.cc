#include "tests/unit/support/sha256.h"

#include <array>
#include <bit>
#include <cmath>
#include <cstring>

namespace mqctl::test {
namespace {

constexpr size_t kBlock = 64;
using State = std::array<uint32_t, 8>;

// The first 32 bits of the fraction of a root: where the standard's constants come from.
uint32_t fraction_bits(long double root) { return static_cast<uint32_t>((root - std::floor(root)) * 4294967296.0L); }

bool is_prime(uint32_t n) {
  for (uint32_t d = 2; d * d <= n; ++d) {
    if (n % d == 0) return false;
  }
  return true;
}

struct Constants {
  std::array<uint32_t, 64> rounds;
  State start;
};

Constants make_constants() {
  Constants constants{};
  uint32_t prime = 1;
  for (size_t i = 0; i < constants.rounds.size(); ++i) {
    while (!is_prime(++prime)) {
    }
    constants.rounds[i] = fraction_bits(std::cbrt(static_cast<long double>(prime)));
    if (i < constants.start.size()) constants.start[i] = fraction_bits(std::sqrt(static_cast<long double>(prime)));
  }
  return constants;
}

const Constants& constants() {
  static const Constants made = make_constants();
  return made;
}

std::array<uint32_t, 64> schedule(const std::byte* block) {
  std::array<uint32_t, 64> w;
  for (size_t i = 0; i < 16; ++i) w[i] = load_be<uint32_t>(block + 4 * i);
  for (size_t i = 16; i < w.size(); ++i) {
    const uint32_t a = w[i - 15], b = w[i - 2];
    const uint32_t s0 = std::rotr(a, 7) ^ std::rotr(a, 18) ^ (a >> 3);
    const uint32_t s1 = std::rotr(b, 17) ^ std::rotr(b, 19) ^ (b >> 10);
    w[i] = w[i - 16] + s0 + w[i - 7] + s1;
  }
  return w;
}

void take_block(State& state, const std::byte* block) {
  const std::array<uint32_t, 64> w = schedule(block);
  auto [a, b, c, d, e, f, g, h] = state;
  for (size_t i = 0; i < w.size(); ++i) {
    const uint32_t s1 = std::rotr(e, 6) ^ std::rotr(e, 11) ^ std::rotr(e, 25);
    const uint32_t t1 = h + s1 + ((e & f) ^ (~e & g)) + constants().rounds[i] + w[i];
    const uint32_t s0 = std::rotr(a, 2) ^ std::rotr(a, 13) ^ std::rotr(a, 22);
    const uint32_t t2 = s0 + ((a & b) ^ (a & c) ^ (b & c));
    h = g, g = f, f = e, e = d + t1, d = c, c = b, b = a, a = t1 + t2;
  }
  const State add{a, b, c, d, e, f, g, h};
  for (size_t i = 0; i < state.size(); ++i) state[i] += add[i];
}

// What is left after whole blocks, the bit 1, zeros, and the length in bits: one block or two.
void take_end(State& state, Bytes rest, uint64_t total_bytes) {
  std::array<std::byte, 2 * kBlock> end{};
  if (!rest.empty()) std::memcpy(end.data(), rest.data(), rest.size());
  end[rest.size()] = std::byte{0x80};
  const size_t length = rest.size() + 9 > kBlock ? 2 * kBlock : kBlock;
  store_be(end.data() + length - 8, total_bytes * 8);
  for (size_t at = 0; at < length; at += kBlock) take_block(state, end.data() + at);
}

}  // namespace

std::string sha256_hex(Bytes bytes) {
  State state = constants().start;
  const uint64_t total = bytes.size();
  for (; bytes.size() >= kBlock; bytes = bytes.subspan(kBlock)) take_block(state, bytes.data());
  take_end(state, bytes, total);
  std::string hex;
  for (const uint32_t word : state) {
    for (int shift = 28; shift >= 0; shift -= 4) hex += "0123456789abcdef"[(word >> shift) & 15];
  }
  return hex;
}

}  // namespace mqctl::test
