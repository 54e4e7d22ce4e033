#include <catch2/catch.hpp>

#include "libstore/message/message_encoder.h"
#include "libstore/message/properties.h"
#include "libstore/message/record_parser.h"
#include "libstore/message/system_flag.h"
#include "tests/unit/message/record_samples.h"

using namespace mqctl;
using namespace mqctl::test;

namespace {

std::string refusal_of(const MessageDraft& draft, const EncoderLimits& limits = {}) {
  const Result<EncodedMessage> encoded = EncodedMessage::encode(draft, limits);
  if (encoded) return "taken";
  CHECK(encoded.error().code() == Errc::kInvalidArgument);
  return encoded.error().message();
}

MessageDraft draft_of(std::string_view topic, std::string_view properties = {}) {
  MessageDraft draft;
  draft.topic = topic;
  draft.properties = properties;
  return draft;
}

std::string stored_properties(const SampleDraft& sample) {
  std::string properties(sample.draft.properties);
  if (!sample.property_crc) return properties;
  if (!properties.empty() && properties.back() != kPropertySeparator) properties += kPropertySeparator;
  return properties;
}

void check_fields(const SampleDraft& sample, const MessageView& view) {
  const MessageDraft& draft = sample.draft;
  CHECK(view.version == (draft.topic.size() > 127 ? 2 : 1));
  CHECK(view.topic == draft.topic);
  CHECK(view.queue_id == draft.queue_id);
  CHECK(view.flag == draft.flag);
  CHECK(view.queue_offset == sample.frame.queue_offset);
  CHECK(view.physical_offset == sample.frame.physical_offset);
  CHECK(view.stored == sample.frame.stored);
  CHECK((view.sys_flag & ~0x30) == (draft.sys_flag & ~0x30));
  CHECK(view.born == draft.born);
  CHECK(view.born_host == draft.born_host);
  CHECK(view.store_host == draft.store_host);
  CHECK(view.reconsume_times == draft.reconsume_times);
  CHECK(view.prepared_transaction_offset == draft.prepared_transaction_offset);
  CHECK(as_text(view.body) == as_text(draft.body));
  const size_t appendix = sample.property_crc ? 20 : 0;
  REQUIRE(view.properties.size() >= appendix);
  CHECK(view.properties.substr(0, view.properties.size() - appendix) == stored_properties(sample));
}

}  // namespace

TEST_CASE("Random drafts come back with every field") {
  constexpr uint64_t kSeed = 7;
  std::mt19937_64 random(kSeed);
  for (int round = 0; round < 2000; ++round) {
    INFO("seed " << kSeed << " round " << round);
    const SampleDraft sample(random);
    const ExactBytes bytes(sample.encode());
    MessageView view;
    REQUIRE(parse_record(bytes.view(), CrcCheck::kBodyAndProperties, view) == RecordStatus::kRecord);
    CHECK(view.record.size() == bytes.view().size());
    check_fields(sample, view);
    const std::optional<MessageView> slow = read_slowly(bytes.view());
    REQUIRE(slow);
    CHECK(same_reading(view, *slow));
  }
}

TEST_CASE("A record is written into its own bytes only, and twice alike") {
  std::mt19937_64 random(8);
  const SampleDraft sample(random);
  const Result<EncodedMessage> encoded = EncodedMessage::encode(sample.draft, {});
  REQUIRE(encoded);
  std::vector<std::byte> once(encoded->size() + 8, std::byte{0xEE}), twice(encoded->size() + 8, std::byte{0xEE});
  encoded->write_to(once.data(), QueueOffset(1), PhysicalOffset(2), EpochMs(3));
  encoded->write_to(twice.data(), QueueOffset(9), PhysicalOffset(9), EpochMs(9));
  encoded->write_to(twice.data(), QueueOffset(1), PhysicalOffset(2), EpochMs(3));
  CHECK(once == twice);
  for (size_t i = 0; i < 8; ++i) CHECK(once[encoded->size() + i] == std::byte{0xEE});
}

TEST_CASE("Host bits follow the hosts, whatever the draft says") {
  MessageDraft draft = draft_of("T");
  draft.sys_flag = sys_flag::kBornHostV6 | sys_flag::kCommit;
  draft.store_host.v6 = true;
  MessageView view;
  const std::vector<std::byte> bytes = SampleDraft(draft).encode();
  REQUIRE(parse_record(bytes, CrcCheck::kBody, view) == RecordStatus::kRecord);
  CHECK(view.sys_flag == (sys_flag::kStoreHostV6 | sys_flag::kCommit));
}

TEST_CASE("Topics: empty is refused, 127 bytes and for retry topics 255 are taken") {
  const std::string retry = "%RETRY%";
  CHECK(refusal_of(draft_of("")) == "the topic is empty");
  CHECK(refusal_of(draft_of(std::string(127, 't'))) == "taken");
  CHECK(refusal_of(draft_of(std::string(128, 't'))) == "the topic has 128 bytes, more than 127");
  CHECK(refusal_of(draft_of(retry + std::string(248, 'g'))) == "taken");
  CHECK(refusal_of(draft_of(retry + std::string(249, 'g'))) == "the topic has 256 bytes, more than 255");
}

TEST_CASE("A retry topic of 127 bytes stays version 1, one of 128 makes version 2") {
  for (const size_t length : {127u, 128u}) {
    const std::string topic = "%RETRY%" + std::string(length - 7, 'g');
    const std::vector<std::byte> bytes = SampleDraft(draft_of(topic)).encode();
    CHECK(read_claim(bytes).magic == (length == 127 ? kMagicV1 : kMagicV2));
  }
}

TEST_CASE("A body over the limit is refused, one at the limit taken") {
  const std::string body(11, 'b');
  MessageDraft draft = draft_of("T");
  draft.body = as_bytes(body);
  EncoderLimits limits;
  limits.max_body_bytes = 11;
  CHECK(refusal_of(draft, limits) == "taken");
  limits.max_body_bytes = 10;
  CHECK(refusal_of(draft, limits) == "the body has 11 bytes, more than 10");
}

TEST_CASE("A negative queue id is refused") {
  MessageDraft draft = draft_of("T");
  draft.queue_id = QueueId(-1);
  CHECK(refusal_of(draft) == "the queue id is negative");
}

TEST_CASE("Properties have room for 32767 bytes, CRC property and its separator included") {
  const std::string refused = "the properties have more than 32767 bytes";
  const std::string open = props("n=") + std::string(40000, 'v');
  const auto ended = [](size_t length) { return props("n=") + std::string(length - 3, 'v') + props(";"); };
  EncoderLimits crc;
  crc.append_property_crc = true;
  CHECK(refusal_of(draft_of("T", ended(32767))) == "taken");
  CHECK(refusal_of(draft_of("T", ended(32768))) == refused);
  CHECK(refusal_of(draft_of("T", ended(32747)), crc) == "taken");
  CHECK(refusal_of(draft_of("T", ended(32748)), crc) == refused);
  CHECK(refusal_of(draft_of("T", open.substr(0, 32746)), crc) == "taken");
  CHECK(refusal_of(draft_of("T", open.substr(0, 32747)), crc) == refused);
}

TEST_CASE("The CRC property alone, where there are no others") {
  SampleDraft sample(draft_of("T"));
  sample.property_crc = true;
  const std::vector<std::byte> bytes = sample.encode();
  MessageView view;
  REQUIRE(parse_record(bytes, CrcCheck::kBodyAndProperties, view) == RecordStatus::kRecord);
  CHECK(view.properties.size() == 20);
  CHECK(find_property(view.properties, property::kRecordCrc).has_value());
}
