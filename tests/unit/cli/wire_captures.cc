#include "wire_captures.h"

#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <stdexcept>

#include "tests/unit/support/golden_store.h"

namespace mqctl::test {
namespace {

constexpr std::string_view kFiles[] = {
    "ali-ons-3.12.0-on-5.5.0", "cpp-on-5.5.0",    "go-2.1.2-on-5.5.0",   "java-4.9.4-json",
    "java-4.9.4-rocketmq",     "java-5.5.0-json", "java-5.5.0-rocketmq",
};

std::string bytes_of_hex(const std::string& hex) {
  std::string bytes;
  for (size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes += static_cast<char>(static_cast<unsigned char>(std::stoi(hex.substr(i, 2), nullptr, 16)));
  }
  return bytes;
}

// "CODE NAME", "CODE NAME one-way", "CODE NAME answer CODE".
void read_what(std::string what, CapturedFrame& frame) {
  if (const size_t answer = what.find(" answer "); answer != std::string::npos) {
    frame.answer_code = std::stoi(what.substr(answer + 8));
    what.resize(answer);
  }
  if (what.ends_with(" one-way")) {
    frame.oneway = true;
    what.resize(what.size() - 8);
  }
  size_t digits = 0;
  frame.request_code = std::stoi(what, &digits);
  frame.request_name = what.substr(digits + 1);
}

}  // namespace

std::vector<CapturedFrame> load_captures(std::string_view file) {
  std::ifstream in(golden_path("wire/" + std::string(file) + ".jsonl"));
  std::vector<CapturedFrame> frames;
  std::string line;
  while (std::getline(in, line)) {
    const nlohmann::json json = nlohmann::json::parse(line);
    CapturedFrame frame;
    frame.where =
        std::string(file) + ":" + std::to_string(frames.size() + 1) + " " + json.at("what").get<std::string>();
    frame.bytes = bytes_of_hex(json.at("hex").get<std::string>());
    frame.to_server = json.at("dir") == "c2s";
    frame.connection = json.at("conn").get<int64_t>();
    read_what(json.at("what").get<std::string>(), frame);
    frames.push_back(std::move(frame));
  }
  if (frames.empty()) throw std::runtime_error("no frames: " + std::string(file));
  return frames;
}

const std::vector<CapturedFrame>& all_captures() {
  static const std::vector<CapturedFrame> kAll = [] {
    std::vector<CapturedFrame> all;
    for (const std::string_view file : kFiles) {
      for (CapturedFrame& frame : load_captures(file)) all.push_back(std::move(frame));
    }
    return all;
  }();
  return kAll;
}

std::vector<CapturedFrame> captures_of_each_kind(size_t max_bytes) {
  std::set<std::string> seen;
  std::vector<CapturedFrame> kinds;
  for (const CapturedFrame& frame : all_captures()) {
    const std::string kind = frame.where.substr(0, frame.where.find(':')) + frame.where.substr(frame.where.find(' '));
    if (frame.bytes.size() <= max_bytes && seen.insert(kind).second) kinds.push_back(frame);
  }
  return kinds;
}

}  // namespace mqctl::test
