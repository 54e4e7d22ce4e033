#include <zlib.h>
#include <zstd.h>

#include <catch2/catch.hpp>
#include <random>

#include "libstore/message/compression.h"
#include "tests/unit/message/record_samples.h"

using namespace mqctl;
using namespace mqctl::test;

namespace {

constexpr CompressionType kTypes[] = {CompressionType::kZlib, CompressionType::kLz4, CompressionType::kZstd};
constexpr size_t kLimit = 64u << 20;

std::string text_of(size_t length) {
  std::string text;
  while (text.size() < length) text += "line " + std::to_string(text.size() * 7919) + "\n";
  text.resize(length);
  return text;
}

std::string packed(CompressionType type, std::string_view plain) {
  const Result<std::string> compressed = compress(type, as_bytes(plain));
  REQUIRE(compressed.has_value());
  return *compressed;
}

Errc error_of(CompressionType type, std::string_view compressed, size_t limit = kLimit) {
  const ExactBytes bytes(as_bytes(compressed));
  const Result<std::string> plain = decompress(type, bytes.view(), limit);
  REQUIRE_FALSE(plain.has_value());
  return plain.error().code();
}

std::string plain_of(CompressionType type, std::string_view compressed, size_t limit = kLimit) {
  const ExactBytes bytes(as_bytes(compressed));
  const Result<std::string> plain = decompress(type, bytes.view(), limit);
  REQUIRE(plain.has_value());
  return *plain;
}

// A zstd stream as Java's streaming writer makes it: no content size in the head.
std::string zstd_without_size(std::string_view plain) {
  const std::unique_ptr<ZSTD_CCtx, size_t (*)(ZSTD_CCtx*)> context(ZSTD_createCCtx(), ZSTD_freeCCtx);
  std::string out(ZSTD_compressBound(plain.size()), '\0');
  ZSTD_inBuffer in{plain.data(), plain.size(), 0};
  ZSTD_outBuffer to{out.data(), out.size(), 0};
  while (in.pos < in.size) REQUIRE(ZSTD_isError(ZSTD_compressStream2(context.get(), &to, &in, ZSTD_e_continue)) == 0);
  REQUIRE(ZSTD_compressStream2(context.get(), &to, &in, ZSTD_e_end) == 0);
  out.resize(to.pos);
  return out;
}

}  // namespace

TEST_CASE("Bodies of every size come back") {
  for (const CompressionType type : kTypes) {
    for (const size_t size : {0u, 1u, 100u, 65535u, 65536u, 65537u, 131072u, 1000000u}) {
      INFO(compression_name(type) << " " << size);
      const std::string plain = text_of(size);
      CHECK(plain_of(type, packed(type, plain)) == plain);
    }
  }
}

TEST_CASE("The limit is exact: a body of just that size passes, one more byte does not") {
  for (const CompressionType type : kTypes) {
    for (const size_t size : {1u, 1000u, 65536u, 200000u}) {
      INFO(compression_name(type) << " " << size);
      const std::string plain = text_of(size), compressed = packed(type, plain);
      CHECK(plain_of(type, compressed, size) == plain);
      CHECK(error_of(type, compressed, size - 1) == Errc::kUnsupported);
    }
    CHECK(plain_of(type, packed(type, ""), 0).empty());
    CHECK(plain_of(type, packed(type, "x"), SIZE_MAX) == "x");
  }
}

TEST_CASE("The limit's number is in the message") {
  const std::string compressed = packed(CompressionType::kZstd, text_of(5000));
  const Result<std::string> plain = decompress(CompressionType::kZstd, as_bytes(compressed), 4999);
  REQUIRE_FALSE(plain.has_value());
  CHECK(plain.error().message() == "the plain body is larger than 4999 bytes");
}

TEST_CASE("A small body that unfolds to 256 MiB stops at the limit", "[exhaustive]") {
  for (const CompressionType type : kTypes) {
    const std::string zeros = packed(type, std::string(256u << 20, '\0'));
    CHECK(error_of(type, zeros, 1u << 20) == Errc::kUnsupported);
  }
}

TEST_CASE("A body cut anywhere is broken") {
  for (const CompressionType type : kTypes) {
    const std::string compressed = packed(type, text_of(400));
    for (size_t length = 0; length < compressed.size(); ++length) {
      INFO(compression_name(type) << " cut to " << length);
      CHECK(error_of(type, compressed.substr(0, length)) == Errc::kCorruption);
    }
  }
}

TEST_CASE("A body with a changed byte is broken, or plain bytes within the limit") {
  for (const CompressionType type : kTypes) {
    std::string compressed = packed(type, text_of(300));
    for (size_t at = 0; at < compressed.size(); ++at) {
      for (int bit = 0; bit < 8; ++bit) {
        compressed[at] = static_cast<char>(compressed[at] ^ 1 << bit);
        const ExactBytes bytes(as_bytes(compressed));
        const Result<std::string> plain = decompress(type, bytes.view(), 1u << 20);
        if (plain && plain->size() > 1u << 20) FAIL_CHECK("over the limit");
        compressed[at] = static_cast<char>(compressed[at] ^ 1 << bit);
      }
    }
  }
}

TEST_CASE("Random bytes never come out as more than the limit") {
  std::mt19937_64 random(3);
  for (int round = 0; round < 2000; ++round) {
    std::string noise(random() % 64, '\0');
    for (char& c : noise) c = static_cast<char>(random());
    for (const CompressionType type : kTypes) {
      const Result<std::string> plain = decompress(type, as_bytes(noise), 4096);
      if (plain && plain->size() > 4096) FAIL_CHECK("over the limit in round " << round);
    }
  }
}

TEST_CASE("LZ4 and zstd frames one after another are one body") {
  for (const CompressionType type : {CompressionType::kLz4, CompressionType::kZstd}) {
    const std::string first = text_of(70000), second = "end";
    const std::string both = packed(type, first) + packed(type, second);
    CHECK(plain_of(type, both) == first + second);
    CHECK(error_of(type, both.substr(0, both.size() - 1)) == Errc::kCorruption);
    CHECK(error_of(type, both + "rubbish behind it") == Errc::kCorruption);
    CHECK(error_of(type, both, first.size()) == Errc::kUnsupported);
  }
}

TEST_CASE("Bytes behind a zlib stream are not looked at, as in Java") {
  CHECK(plain_of(CompressionType::kZlib, packed(CompressionType::kZlib, "plain") + "more") == "plain");
}

TEST_CASE("A zstd frame without its size is read, as producers write it") {
  const std::string plain = text_of(300000);
  CHECK(plain_of(CompressionType::kZstd, zstd_without_size(plain)) == plain);
}

TEST_CASE("A zlib stream that needs a dictionary is broken to us") {
  z_stream stream{};
  REQUIRE(deflateInit(&stream, 6) == Z_OK);
  Bytef dictionary[] = {'p', 'l', 'a', 'i', 'n'}, out[64];
  REQUIRE(deflateSetDictionary(&stream, dictionary, sizeof dictionary) == Z_OK);
  stream.next_in = dictionary;
  stream.avail_in = sizeof dictionary;
  stream.next_out = out;
  stream.avail_out = sizeof out;
  REQUIRE(deflate(&stream, Z_FINISH) == Z_STREAM_END);
  const std::string compressed(reinterpret_cast<const char*>(out), stream.total_out);
  deflateEnd(&stream);
  CHECK(error_of(CompressionType::kZlib, compressed) == Errc::kCorruption);
}

TEST_CASE("The sysFlag tells the type; type 0 is the zlib of old clients") {
  const std::pair<int32_t, CompressionType> known[] = {
      {0x000, CompressionType::kNone}, {0x100, CompressionType::kNone}, {0x700, CompressionType::kNone},
      {0x001, CompressionType::kZlib}, {0x301, CompressionType::kZlib}, {0x101, CompressionType::kLz4},
      {0x201, CompressionType::kZstd}, {0x271, CompressionType::kZstd}};
  for (const auto& [flags, type] : known) {
    INFO(flags);
    const Result<CompressionType> found = compression_of(flags);
    REQUIRE(found.has_value());
    CHECK(*found == type);
  }
  for (const int32_t flags : {0x401, 0x501, 0x601, 0x701}) {
    const Result<CompressionType> found = compression_of(flags);
    REQUIRE_FALSE(found.has_value());
    CHECK(found.error().code() == Errc::kUnsupported);
  }
}

TEST_CASE("The type goes into the sysFlag and comes back, other bits stay") {
  for (const CompressionType type :
       {CompressionType::kNone, CompressionType::kZlib, CompressionType::kLz4, CompressionType::kZstd}) {
    for (const int32_t flags : {0, 0x7F1, 0x38, -1}) {
      const int32_t with = with_compression(flags, type);
      CHECK((with & ~0x701) == (flags & ~0x701));
      const Result<CompressionType> found = compression_of(with);
      REQUIRE(found.has_value());
      CHECK(*found == type);
    }
  }
  CHECK(with_compression(0, CompressionType::kZlib) == 0x301);
}

TEST_CASE("An uncompressed body is handed through") {
  CHECK(plain_of(CompressionType::kNone, "as it is", 3) == "as it is");
  CHECK(packed(CompressionType::kNone, "as it is") == "as it is");
}
