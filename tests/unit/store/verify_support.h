// Helpers for tests of verify.
#pragma once

#include <catch2/catch.hpp>
#include <optional>
#include <sstream>
#include <string>

#include "libstore/index/index_reader.h"
#include "libstore/store/verifier.h"
#include "tests/unit/support/golden_store.h"

namespace mqctl::test {

inline VerifyReport verified(const std::string& location, VerifyOptions options = {}) {
  Result<StoreLocation> located = locate_store(posix_file_system(), location);
  if (!located) FAIL(located.error().to_string());
  Result<VerifyReport> report = verify(posix_file_system(), *located, options);
  if (!report) FAIL(report.error().to_string());
  return std::move(*report);
}

inline VerifyReport verified(const GoldenStore& store, VerifyLevel level, unsigned jobs = 1,
                             TailPolicy tail = TailPolicy::kOk) {
  VerifyOptions options;
  options.level = level;
  options.jobs = jobs;
  options.tail = tail;
  return verified(store.root(), options);
}

// "class file at position + length [x count]", a line each: what a test compares.
inline std::string brief(const VerifyReport& report) {
  std::ostringstream text;
  for (const Finding& finding : report.findings) {
    text << finding_name(finding.kind) << ' ' << finding.file << " at " << finding.position << " + " << finding.length;
    if (finding.count != 1) text << " x " << finding.count;
    text << '\n';
  }
  return text.str();
}

inline std::string segment(int64_t base) {
  std::string digits = std::to_string(base);
  return "commitlog/" + std::string(20 - digits.size(), '0') + digits;
}

// "<class> <file> at <position> + <length>\n"
inline std::string line(std::string_view kind, const std::string& file, uint64_t position, uint64_t length) {
  std::ostringstream text;
  text << kind << ' ' << file << " at " << position << " + " << length << '\n';
  return text.str();
}

}  // namespace mqctl::test
