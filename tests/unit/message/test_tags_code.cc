#include <catch2/catch.hpp>

#include "libstore/base/java_hash.h"
#include "libstore/message/tags_code.h"
#include "tests/unit/message/record_samples.h"

using namespace mqctl;
using namespace mqctl::test;

namespace {

int64_t code(std::string_view topic, std::string_view properties) {
  MessageView message;
  message.topic = topic;
  message.stored = EpochMs(1700000000000);
  return tags_code_of(message, dispatch_properties(properties), DelayLevelTable::defaults());
}

constexpr int64_t kStored = 1700000000000;

}  // namespace

TEST_CASE("A tags code is the Java hash, sign-extended") {
  CHECK(tags_code_of("") == 0);
  CHECK(tags_code_of("TagA") == 2598919);
  CHECK(tags_code_of("TAG-999") == -831240122);
  CHECK(tags_code_of("d") == 100);
  CHECK(tags_code_of("主题") == 659901);
  CHECK(tags_code_of("TopicTest#vlsoaerz") == INT32_MIN);
  CHECK(java_string_hash("TopicTest#KEY1") == -1656969516);
}

TEST_CASE("Outside the schedule topic a delay level changes nothing") {
  CHECK(code("T", props("TAGS=TagA;DELAY=3;")) == 2598919);
  CHECK(code("T", props("DELAY=3;")) == 0);
}

TEST_CASE("A waiting delayed message has the time it is due") {
  const std::string tag = props("TAGS=TagA;");
  CHECK(code(kScheduleTopic, tag + props("DELAY=1")) == kStored + 1000);
  CHECK(code(kScheduleTopic, tag + props("DELAY=18")) == kStored + 7200000);
  CHECK(code(kScheduleTopic, tag + props("DELAY=+2")) == kStored + 5000);
  CHECK(code(kScheduleTopic, tag + props("DELAY=99")) == kStored + 7200000);
}

TEST_CASE("A delay level that is none or no number counts as none") {
  for (const char* level : {"0", "-1", "x", "3x", " 3", "99999999999", "+", "+-3"}) {
    CHECK(code(kScheduleTopic, props("TAGS=TagA;DELAY=") + std::string(level)) == 2598919);
  }
  CHECK(code(kScheduleTopic, props("TAGS=TagA;")) == 2598919);
}
