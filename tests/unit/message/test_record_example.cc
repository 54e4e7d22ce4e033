// The worked example of docs/store-format.md, byte for byte, in both directions.
#include <catch2/catch.hpp>

#include "libstore/base/crc32.h"
#include "libstore/message/message_id.h"
#include "libstore/message/record_parser.h"
#include "libstore/message/tags_code.h"
#include "tests/unit/message/record_samples.h"

using namespace mqctl;
using namespace mqctl::test;

namespace {

constexpr const char* kHead =
    "daa320a7 69c865ed 00000003 00000000 0000000000000005 0000000000001000 00000000 0000018bcfe56800"
    "0a000001 0000c350 0000018bcfe5687b 0a000002 00002a9f 00000000 0000000000000000"
    "0000000e 48656c6c6f20526f636b65744d51 09 546f70696354657374";
constexpr const char* kProperties =
    "554e49515f4b4559 01 3041303030303031303030303241313339463236303030303030303030303031 02"
    "54414753 01 54616741 02 4b455953 01 4b31204b32 02";
constexpr const char* kAppendix = "5f5f435243333223 01 36373938363836353230 02";

std::string example_properties() { return props("UNIQ_KEY=0A00000100002A139F26000000000001;TAGS=TagA;KEYS=K1 K2;"); }

std::string hex(std::initializer_list<const char*> parts) {
  std::string all;
  for (const char* part : parts) all += part;
  return all;
}

std::vector<std::byte> plain_example() { return from_hex(hex({"000000b1", kHead, "003f", kProperties})); }
std::vector<std::byte> example_with_crc() { return from_hex(hex({"000000c5", kHead, "0053", kProperties, kAppendix})); }

std::vector<std::byte> encode_example(bool property_crc) {
  MessageDraft fields;
  fields.topic = "TopicTest";
  fields.queue_id = QueueId(3);
  fields.born = EpochMs(1700000000000);
  fields.born_host = HostAddress::v4(10, 0, 0, 1, 50000);
  fields.store_host = HostAddress::v4(10, 0, 0, 2, 10911);
  fields.body = as_bytes("Hello RocketMQ");
  const std::string properties = example_properties();
  fields.properties = properties;
  SampleDraft sample(fields);
  sample.property_crc = property_crc;
  sample.frame = {QueueOffset(5), PhysicalOffset(4096), EpochMs(1700000000123)};
  return sample.encode();
}

void check_head(const MessageView& view) {
  CHECK(view.version == 1);
  CHECK(view.body_crc == 0x69C865ED);
  CHECK(view.queue_id == QueueId(3));
  CHECK(view.flag == 0);
  CHECK(view.queue_offset == QueueOffset(5));
  CHECK(view.physical_offset == PhysicalOffset(4096));
  CHECK(view.sys_flag == 0);
  CHECK(view.born == EpochMs(1700000000000));
  CHECK(to_string(view.born_host) == "10.0.0.1:50000");
  CHECK(view.stored == EpochMs(1700000000123));
  CHECK(to_string(view.store_host) == "10.0.0.2:10911");
  CHECK(view.reconsume_times == 0);
  CHECK(view.prepared_transaction_offset == PhysicalOffset(0));
  CHECK(as_text(view.body) == "Hello RocketMQ");
  CHECK(view.topic == "TopicTest");
}

}  // namespace

TEST_CASE("The worked example is encoded byte for byte") {
  CHECK(plain_example().size() == 177);
  CHECK(encode_example(false) == plain_example());
}

TEST_CASE("The worked example with the CRC property is encoded byte for byte") {
  CHECK(example_with_crc().size() == 197);
  CHECK(encode_example(true) == example_with_crc());
}

TEST_CASE("The worked example is read field by field") {
  const ExactBytes bytes(plain_example());
  MessageView view;
  REQUIRE(parse_record(bytes.view(), CrcCheck::kBodyAndProperties, view) == RecordStatus::kRecord);
  CHECK(view.record.size() == 177);
  CHECK(view.record.data() == bytes.view().data());
  check_head(view);
  CHECK(view.properties == example_properties());
}

TEST_CASE("The CRC property is one more property to a reader") {
  const ExactBytes bytes(example_with_crc());
  MessageView view;
  REQUIRE(parse_record(bytes.view(), CrcCheck::kBodyAndProperties, view) == RecordStatus::kRecord);
  check_head(view);
  CHECK(find_property(view.properties, property::kRecordCrc) == "6798686520");
  CHECK(parse_properties(view.properties).size() == 4);
}

TEST_CASE("What is derived from the worked example: message id, tags code, properties for dispatch") {
  const std::vector<std::byte> bytes = plain_example();
  MessageView view;
  REQUIRE(parse_record(bytes, CrcCheck::kNone, view) == RecordStatus::kRecord);
  CHECK(offset_message_id(view.store_host, view.physical_offset) == "0A00000200002A9F0000000000001000");
  const DispatchProperties found = dispatch_properties(view.properties);
  CHECK(found.uniq_key == "0A00000100002A139F26000000000001");
  CHECK(found.keys == "K1 K2");
  CHECK(tags_code_of(view, found, DelayLevelTable::defaults()) == 2598919);
}

TEST_CASE("A blank with 100 bytes left") {
  std::array<std::byte, kBlankBytes> bytes;
  write_blank(bytes.data(), 100);
  CHECK(Bytes(bytes).size() == 8);
  CHECK(std::vector<std::byte>(bytes.begin(), bytes.end()) == from_hex("00000064 cbd43194"));
  MessageView view;
  CHECK(parse_record(bytes, CrcCheck::kBody, view) == RecordStatus::kBlank);
  CHECK(read_claim(bytes).total_size == 100);
}

TEST_CASE("The CRC of the check string is masked to 31 bits") {
  CHECK(masked_crc32(as_bytes("123456789")) == 0x4BF43926);
  CHECK(masked_crc32({}) == 0);
}
