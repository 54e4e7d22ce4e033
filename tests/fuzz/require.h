// What a fuzzer asserts: a crash, which libFuzzer keeps the input of.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <string>

#define REQUIRE(condition) ::mqctl::test::require(static_cast<bool>(condition), __FILE__, __LINE__, #condition)
// The same, and what the program says about it.
#define REQUIRE_SAYING(condition, text) \
  ::mqctl::test::require(static_cast<bool>(condition), __FILE__, __LINE__, #condition, text)

namespace mqctl::test {

inline void require(bool holds, const char* file, int line, const char* condition, const std::string& text = {}) {
  if (holds) return;
  std::fprintf(stderr, "%s:%d: does not hold: %s %s\n", file, line, condition, text.c_str());
  std::abort();
}

}  // namespace mqctl::test
