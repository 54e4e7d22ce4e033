#include <catch2/catch.hpp>

#include "libstore/message/record_layout.h"
#include "libstore/message/record_parser.h"
#include "tests/unit/message/record_samples.h"

using namespace mqctl;
using namespace mqctl::test;

namespace {

RecordStatus status_of(const std::vector<std::byte>& raw, CrcCheck check = CrcCheck::kBodyAndProperties) {
  const ExactBytes bytes(raw);
  MessageView view;
  return parse_record(bytes.view(), check, view);
}

// A version 1 record over IPv4: body of two bytes at 88, topic length at 90, topic at 91, properties length at 92.
std::vector<std::byte> sample() { return small_record(1, false, false, false); }

template <class T>
std::vector<std::byte> sample_with(size_t at, T value) {
  std::vector<std::byte> bytes = sample();
  store_be(bytes.data() + at, value);
  return bytes;
}

}  // namespace

TEST_CASE("Zeros are space never written, however few") {
  for (size_t length = 0; length < 200; ++length) {
    CHECK(status_of(std::vector<std::byte>(length)) == RecordStatus::kEmpty);
  }
}

TEST_CASE("Fewer than 8 bytes that are not zeros are truncated") {
  for (size_t length = 1; length < 8; ++length) {
    std::vector<std::byte> bytes(length);
    bytes.back() = std::byte{1};
    CHECK(status_of(bytes) == RecordStatus::kTruncated);
  }
}

TEST_CASE("A blank ends the segment whatever size it claims") {
  for (const char* text : {"00000008cbd43194", "00000000cbd43194", "ffffffffcbd43194", "7fffffffcbd43194"}) {
    CHECK(status_of(from_hex(text)) == RecordStatus::kBlank);
  }
  CHECK(status_of(from_hex("00000064cbd43194 ff01020304050607")) == RecordStatus::kBlank);
}

TEST_CASE("Any other magic is no record") {
  CHECK(status_of(from_hex("0000006000000000")) == RecordStatus::kBadMagic);
  CHECK(status_of(from_hex("00000000daa320a8")) == RecordStatus::kBadMagic);
  CHECK(status_of(sample_with(4, uint32_t{0xAABBCCDD})) == RecordStatus::kBadMagic);
}

TEST_CASE("Sizes that no record can have are bad, not truncated") {
  for (const int32_t size : {INT32_MIN, -1, 0, 8, 90}) {
    CHECK(status_of(sample_with(0, size)) == RecordStatus::kBadSize);
  }
}

TEST_CASE("A larger size with nothing behind is truncated where its own lengths allow it") {
  const auto given = static_cast<int32_t>(sample().size());
  CHECK(status_of(sample_with(0, given + 1)) == RecordStatus::kTruncated);
  // Topic and properties can say 127 and 32767 bytes at most: body end 90 + 3 + 127 + 32767.
  CHECK(status_of(sample_with(0, int32_t{90 + 3 + 127 + 32767})) == RecordStatus::kTruncated);
  CHECK(status_of(sample_with(0, int32_t{90 + 3 + 127 + 32767 + 1})) == RecordStatus::kBadSize);
  CHECK(status_of(sample_with(0, INT32_MAX)) == RecordStatus::kBadSize);
}

TEST_CASE("Negative or too large lengths inside are bad sizes") {
  for (const int32_t body : {INT32_MIN, -1, 3, INT32_MAX}) {
    CHECK(status_of(sample_with(84, body)) == RecordStatus::kBadSize);
  }
  for (const int topic : {-128, -1, 0, 2, 127}) {
    CHECK(status_of(sample_with(90, static_cast<int8_t>(topic))) == RecordStatus::kBadSize);
  }
  for (const int properties : {-32768, -1, 3, 5, 32767}) {
    CHECK(status_of(sample_with(92, static_cast<int16_t>(properties))) == RecordStatus::kBadSize);
  }
}

TEST_CASE("A topic of 128 bytes in a version 1 record reads as negative") {
  std::vector<std::byte> bytes = small_record(2, false, false, false);
  store_be(bytes.data() + 4, kMagicV1);
  bytes.erase(bytes.begin() + 90);
  store_be(bytes.data(), static_cast<int32_t>(bytes.size()));
  CHECK(status_of(bytes) == RecordStatus::kBadSize);
}

TEST_CASE("A version 2 topic may have more than 255 bytes to a reader, but not a negative length") {
  std::vector<std::byte> bytes = small_record(2, false, false, false);
  bytes.insert(bytes.begin() + 92, 400, std::byte{'x'});
  store_be(bytes.data(), static_cast<int32_t>(bytes.size()));
  store_be(bytes.data() + 90, int16_t{528});
  CHECK(status_of(bytes) == RecordStatus::kRecord);
  store_be(bytes.data() + 90, int16_t{-528});
  CHECK(status_of(bytes) == RecordStatus::kBadSize);
}

TEST_CASE("A record without a topic can be read, though no broker takes such a message") {
  std::vector<std::byte> bytes = sample_with(90, int8_t{0});
  bytes.erase(bytes.begin() + 91);
  store_be(bytes.data(), static_cast<int32_t>(bytes.size()));
  CHECK(status_of(bytes) == RecordStatus::kRecord);
}

TEST_CASE("The smallest record has a body, a topic and properties of no byte; with a byte less it is none") {
  const size_t version = GENERATE(size_t{1}, size_t{2});
  for (const size_t missing : {size_t{0}, size_t{1}}) {
    std::vector<std::byte> bytes = small_record(static_cast<int>(version), false, false, false);
    bytes.resize(84);
    bytes.resize(84 + 4 + version + 2 - missing);
    store_be(bytes.data(), static_cast<int32_t>(bytes.size()));
    CHECK(status_of(bytes) == (missing == 0 ? RecordStatus::kRecord : RecordStatus::kBadSize));
    CHECK(plausible_head(bytes, bytes.size()) == (missing == 0));
  }
}

TEST_CASE("Wrong host bits make the lengths contradict each other") {
  for (const int32_t flag : {0x10, 0x20, 0x30}) CHECK(status_of(sample_with(36, flag)) == RecordStatus::kBadSize);
}

TEST_CASE("An empty body has no CRC to check") {
  MessageDraft fields;
  fields.topic = "T";
  std::vector<std::byte> bytes = SampleDraft(fields).encode();
  CHECK(bytes.size() == 92);
  CHECK(status_of(bytes) == RecordStatus::kRecord);
  store_be(bytes.data() + 8, uint32_t{123});
  CHECK(status_of(bytes) == RecordStatus::kRecord);
}

TEST_CASE("A body CRC with the top bit set is not what any writer stores") {
  std::vector<std::byte> bytes = sample();
  bytes[8] |= std::byte{0x80};
  CHECK(status_of(bytes) == RecordStatus::kBadBodyCrc);
  CHECK(status_of(bytes, CrcCheck::kNone) == RecordStatus::kRecord);
}

TEST_CASE("Both CRCs wrong is the body's fault; the view is filled either way") {
  std::vector<std::byte> bytes = small_record(1, false, false, true);
  bytes[88] ^= std::byte{1};
  MessageView view;
  CHECK(parse_record(bytes, CrcCheck::kBodyAndProperties, view) == RecordStatus::kBadBodyCrc);
  CHECK(view.topic == "T");
  bytes[88] ^= std::byte{1};
  bytes[15] ^= std::byte{1};
  CHECK(parse_record(bytes, CrcCheck::kBody, view) == RecordStatus::kRecord);
  CHECK(parse_record(bytes, CrcCheck::kBodyAndProperties, view) == RecordStatus::kBadPropertyCrc);
  CHECK(view.queue_id == QueueId(2));
}

TEST_CASE("The head tells a lying size before the record is there") {
  const std::vector<std::byte> bytes = sample();
  const Bytes head = Bytes(bytes).first(88);
  CHECK(plausible_head(head, bytes.size()));
  CHECK_FALSE(plausible_head(head, bytes.size() - 1));
  CHECK_FALSE(plausible_head(Bytes(sample_with(84, int32_t{1 << 20})).first(88), UINT64_MAX));
  CHECK_FALSE(plausible_head(Bytes(sample_with(84, int32_t{-1})).first(88), UINT64_MAX));
  CHECK_FALSE(plausible_head(Bytes(sample_with(0, int32_t{90})).first(8), UINT64_MAX));
  CHECK_FALSE(plausible_head(from_hex("00000064cbd43194"), UINT64_MAX));
}

TEST_CASE("Each status has a text of its own") {
  std::vector<std::string_view> seen;
  for (int i = 0; i <= static_cast<int>(RecordStatus::kBadPropertyCrc); ++i) {
    const std::string_view text = describe(static_cast<RecordStatus>(i));
    CHECK_FALSE(text.empty());
    for (const std::string_view other : seen) CHECK(text != other);
    seen.push_back(text);
  }
}
