// The frames of tests/golden/wire, as bytes and as what was recorded about them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mqctl::test {

struct CapturedFrame {
  std::string where;  // file and line, for messages
  std::string bytes;
  bool to_server = false;
  int64_t connection = 0;
  int32_t request_code = 0;
  std::string request_name;
  std::optional<int32_t> answer_code;  // of an answer only
  bool oneway = false;
};

// Throws where a file is missing or a line is not understood.
std::vector<CapturedFrame> load_captures(std::string_view file);
// Of all files; read once.
const std::vector<CapturedFrame>& all_captures();
// One frame of each kind and file: what takes a test of every byte a reasonable time.
std::vector<CapturedFrame> captures_of_each_kind(size_t max_bytes);

}  // namespace mqctl::test
