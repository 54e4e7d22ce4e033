// Every record and blank that genuine brokers wrote, against the listing by Apache's own decoder.
#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>

#include "libstore/message/record_parser.h"
#include "tests/unit/support/expected_listing.h"
#include "tests/unit/support/golden_store.h"

using namespace mqctl;
using namespace mqctl::test;
namespace fs = std::filesystem;

namespace {

std::vector<std::string> segments_of(const GoldenStore& store) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(store.path("commitlog"))) {
    names.push_back(entry.path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

// Goes through the log as a reader would and holds each find against the next line.
class Walk {
 public:
  explicit Walk(ExpectedListing listing) : listing_(std::move(listing)) {}

  void segment(const std::string& name, Bytes bytes) {
    file_ = name;
    base_ = std::stoll(name);
    size_t position = 0;
    while (position < bytes.size() && step(bytes, position)) {
    }
  }
  void finish() const {
    CHECK(next_ == listing_.lines.size());
    CHECK(ended_);
    CHECK(end_ == listing_.end);
  }

 private:
  bool step(Bytes bytes, size_t& position) {
    MessageView view;
    const RecordStatus status = parse_record(bytes.subspan(position), CrcCheck::kBodyAndProperties, view);
    if (status == RecordStatus::kEmpty) {
      if (!ended_) end_ = base_ + static_cast<int64_t>(position);
      ended_ = true;
      return false;
    }
    INFO(file_ << " at " << position << ": " << describe(status));
    REQUIRE(next_ < listing_.lines.size());
    const ExpectedLine& line = listing_.lines[next_++];
    REQUIRE(status == (line.blank ? RecordStatus::kBlank : RecordStatus::kRecord));
    CHECK_FALSE(ended_);
    CHECK(line.file == file_);
    CHECK(line.pos == base_ + static_cast<int64_t>(position));
    if (line.blank) {
      CHECK(read_claim(bytes.subspan(position)).total_size == line.size);
      CHECK(line.size == static_cast<int64_t>(bytes.size() - position));
      return false;
    }
    CHECK(differences(line, view) == "");
    position += view.record.size();
    return true;
  }

  const ExpectedListing listing_;
  size_t next_ = 0;
  bool ended_ = false;
  int64_t end_ = -1;
  std::string file_;
  int64_t base_ = 0;
};

}  // namespace

TEST_CASE("The logs of genuine brokers are read as Apache reads them") {
  for (const char* set : kGoldenSets) {
    SECTION(set) {
      const GoldenStore store(set);
      Walk walk(load_expected_listing(set));
      for (const std::string& name : segments_of(store)) walk.segment(name, store.read("commitlog/" + name));
      walk.finish();
    }
  }
}

TEST_CASE("A listing line that does not fit its record names the fields") {
  const GoldenStore store("tiny-5.5.0");
  const std::vector<std::byte> bytes = store.read("commitlog/00000000000000000000");
  ExpectedLine line = load_expected_listing("tiny-5.5.0").lines.front();
  MessageView view;
  REQUIRE(parse_record(bytes, CrcCheck::kBody, view) == RecordStatus::kRecord);
  line.queue = 9;
  line.tags = std::nullopt;
  line.body_sha256[0] = 'x';
  const std::string text = differences(line, view);
  CHECK(text.find("queue: expected 9, found 0; ") != std::string::npos);
  CHECK(text.find("tags: expected none, found \"TagA\"; ") != std::string::npos);
  CHECK(text.find("body_sha256: ") != std::string::npos);
  CHECK(text.find("topic") == std::string::npos);
}
