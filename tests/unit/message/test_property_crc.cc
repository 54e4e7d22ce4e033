#include <catch2/catch.hpp>

#include "libstore/message/property_crc.h"
#include "libstore/message/record_parser.h"
#include "tests/unit/message/record_samples.h"

using namespace mqctl;
using namespace mqctl::test;

namespace {

PropertyCrcState state_of(std::string_view properties) {
  MessageDraft draft;
  draft.topic = "T";
  draft.properties = properties;
  const std::vector<std::byte> bytes = SampleDraft(draft).encode();
  MessageView view;
  REQUIRE(parse_record(bytes, CrcCheck::kBody, view) == RecordStatus::kRecord);
  return check_property_crc(view.record, view.properties);
}

const std::string kWrong = props("__CRC32#=0000000000;");

}  // namespace

TEST_CASE("A written appendix matches, and is checked against all bytes before it") {
  std::vector<std::byte> bytes = small_record(1, false, false, true);
  const auto properties = [&] { return as_text(Bytes(bytes).last(24)); };
  CHECK(check_property_crc(bytes, properties()) == PropertyCrcState::kMatches);
  bytes[20] ^= std::byte{1};
  CHECK(check_property_crc(bytes, properties()) == PropertyCrcState::kMismatch);
  write_property_crc(bytes);
  CHECK(check_property_crc(bytes, properties()) == PropertyCrcState::kMatches);
}

TEST_CASE("No appendix: other properties, none, or too few bytes") {
  CHECK(state_of("") == PropertyCrcState::kAbsent);
  CHECK(state_of(props("TAGS=x;")) == PropertyCrcState::kAbsent);
  CHECK(state_of(props("__CRC32#=1;")) == PropertyCrcState::kAbsent);
  CHECK(state_of(props("a=bbbbbbbbbbbbbbbbbbbbbbbbbb;")) == PropertyCrcState::kAbsent);
}

TEST_CASE("An appendix with other digits is a mismatch, also with characters that are no digits") {
  CHECK(state_of(kWrong) == PropertyCrcState::kMismatch);
  CHECK(state_of(props("TAGS=x;") + kWrong) == PropertyCrcState::kMismatch);
  CHECK(state_of(props("__CRC32#=abcdefghij;")) == PropertyCrcState::kMismatch);
}

TEST_CASE("A property whose name or value merely ends alike is not the appendix") {
  CHECK(state_of("my" + kWrong) == PropertyCrcState::kAbsent);
  CHECK(state_of(props("TAGS=x") + kWrong) == PropertyCrcState::kAbsent);
  CHECK(state_of(kWrong + props("TAGS=x;")) == PropertyCrcState::kAbsent);
}
