// How `mqctl verify` shows its report: findings with what they mean, a picture of each segment, a summary; or the
// same as JSON lines. Computes nothing, writes nowhere: the text is the caller's to put out.
#pragma once

#include <string>

#include "libstore/store/verifier.h"

namespace mqctl {

struct VerifyLook {
  bool colour = false;
  bool unicode = true;  // false: pictures of ASCII characters
  size_t bar_cells = 48;
};

// A line, and an indented one with the impact.
std::string finding_text(const Finding& finding, const VerifyLook& look);
// One line a segment; each character is the worst of what it stands for.
std::string usage_text(const SegmentUsage& usage, const VerifyLook& look);
// What the characters mean.
std::string usage_legend(const VerifyLook& look);
std::string summary_text(const VerifyReport& report, double seconds);

std::string finding_json(const Finding& finding);
std::string summary_json(const VerifyReport& report, double seconds);

std::string_view level_name(VerifyLevel level);  // "frame", "crc", "index"

}  // namespace mqctl
