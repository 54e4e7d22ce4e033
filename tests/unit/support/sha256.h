// SHA-256 (FIPS 180-4), for comparing bodies with the listings of the golden sets. Not for anything secret.
#pragma once

#include <string>

#include "libstore/base/bytes.h"

namespace mqctl::test {

// 64 lower-case hex digits.
std::string sha256_hex(Bytes bytes);

}  // namespace mqctl::test
