// The first byte chooses the kind, the rest is the body: never more plain bytes than the limit, and what is plain
// survives being packed and unpacked.
#include "libstore/message/compression.h"
#include "tests/fuzz/require.h"

using namespace mqctl;

namespace {

constexpr size_t kLimit = 1u << 20;

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const auto type = static_cast<CompressionType>(1 + data[0] % 3);
  const Bytes body(reinterpret_cast<const std::byte*>(data) + 1, size - 1);
  const Result<std::string> plain = decompress(type, body, kLimit);
  REQUIRE(!plain || plain->size() <= kLimit);
  const Result<std::string> packed = compress(type, body);
  REQUIRE(packed.has_value());
  const Result<std::string> back = decompress(type, as_bytes(*packed), body.size());
  REQUIRE(back.has_value() && *back == as_text(body));
  return 0;
}
