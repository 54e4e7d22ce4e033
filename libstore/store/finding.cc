#include "libstore/store/finding.h"

namespace mqctl {

std::string_view finding_name(FindingClass kind) {
  switch (kind) {
    case FindingClass::kTornTail:
      return "torn-tail";
    case FindingClass::kBadMagic:
      return "bad-magic";
    case FindingClass::kBadSize:
      return "bad-size";
    case FindingClass::kBodyCrc:
      return "body-crc";
    case FindingClass::kPropCrc:
      return "prop-crc";
    case FindingClass::kWrongOffset:
      return "wrong-offset";
    case FindingClass::kGap:
      return "gap";
    case FindingClass::kStaleBytes:
      return "stale-bytes";
    case FindingClass::kBlankMissing:
      return "blank-missing";
    case FindingClass::kCqMissing:
      return "cq-missing";
    case FindingClass::kCqDangling:
      return "cq-dangling";
    case FindingClass::kCqMismatch:
      return "cq-mismatch";
    case FindingClass::kIndexMissing:
      return "index-missing";
    case FindingClass::kIndexDangling:
      return "index-dangling";
    case FindingClass::kIndexBroken:
      return "index-broken";
    case FindingClass::kShortFile:
      return "short-file";
    case FindingClass::kOversizedFile:
      return "oversized-file";
    case FindingClass::kStrayFile:
      return "stray-file";
  }
  return "unknown";
}

std::string grouped(uint64_t number) {
  std::string digits = std::to_string(number);
  for (size_t at = digits.size(); at > 3; at -= 3) digits.insert(at - 3, 1, ',');
  return digits;
}

std::string counted(uint64_t count, std::string_view one) {
  std::string text = grouped(count) + ' ' + std::string(one);
  if (count == 1) return text;
  if (text.ends_with('y')) return text.replace(text.size() - 1, 1, "ies");
  return text + 's';
}

}  // namespace mqctl
