// What `mqctl dump` was asked to show.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cli/output/shown_body.h"
#include "cli/output/units.h"

namespace mqctl {

enum class DumpForm : uint8_t { kText, kJson, kRaw };

struct DumpOptions {
  std::string location;
  // Which records: each that is given must hold.
  std::optional<std::string> topic;
  std::optional<int32_t> queue;
  std::vector<std::string> tags;  // any of them
  std::vector<std::string> keys;  // any of them
  std::string message_id;
  std::string unique_key;
  std::string pattern;  // RE2, searched for in the body
  std::optional<NumberRange> time, positions, queue_offsets;
  // How many, in which order.
  std::optional<uint64_t> count;
  bool reverse = false;
  bool follow = false;
  std::optional<std::chrono::milliseconds> timeout;  // of following
  // How they are shown.
  DumpForm form = DumpForm::kText;
  std::optional<std::string> format;
  BodyOptions body;
  Zone zone = Zone::kUtc;
  bool keep_going = false;
  bool use_index = true;
  bool quiet = false;
  bool verbose = false;

  bool has_filter() const {
    return topic || queue || !tags.empty() || !keys.empty() || !message_id.empty() || !unique_key.empty() ||
           !pattern.empty() || time || positions || queue_offsets;
  }
};

}  // namespace mqctl
