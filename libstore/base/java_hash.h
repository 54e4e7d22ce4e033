// java.lang.String.hashCode over UTF-8 text: what RocketMQ's tags codes and index keys are made of.
//
// Java hashes UTF-16 code units, so non-BMP text counts as two surrogates. Bytes that are not UTF-8 hash as Java's
// decoder would see them: one U+FFFD per ill-formed part (utf8.h).
#pragma once

#include <cstdint>
#include <string_view>

namespace mqctl {

int32_t java_string_hash(std::string_view utf8);

// Continues a hash: java_string_hash(a + b) == java_string_hash(b, java_string_hash(a)) for well-formed a and b.
int32_t java_string_hash(std::string_view utf8, int32_t seed);

}  // namespace mqctl
