// What is encoded and parsed again is the same, for whatever a repeatable generator comes up with.
#include <catch2/catch.hpp>
#include <map>

#include "libstore/message/client_batch.h"
#include "libstore/message/message_id.h"
#include "libstore/message/properties.h"
#include "libstore/message/record_parser.h"
#include "tests/unit/message/record_samples.h"

using namespace mqctl;
using namespace mqctl::test;

namespace {

constexpr uint64_t kSeed = 20240607;
constexpr int kRounds = 1000;

using Random = std::mt19937_64;

std::string bytes_without(Random& random, size_t length, std::string_view forbidden) {
  std::string text;
  while (text.size() < length) {
    const char c = static_cast<char>(random());
    if (forbidden.find(c) == std::string_view::npos) text += c;
  }
  return text;
}

// The draft that a parsed record was made of; it views the record.
MessageDraft draft_of(const MessageView& view) {
  MessageDraft draft;
  draft.topic = view.topic;
  draft.queue_id = view.queue_id;
  draft.flag = view.flag;
  draft.sys_flag = view.sys_flag;
  draft.born = view.born;
  draft.born_host = view.born_host;
  draft.store_host = view.store_host;
  draft.reconsume_times = view.reconsume_times;
  draft.prepared_transaction_offset = view.prepared_transaction_offset;
  draft.body = view.body;
  draft.properties = view.properties;
  return draft;
}

std::vector<std::byte> encode_again(const MessageView& view) {
  const Result<EncodedMessage> encoded = EncodedMessage::encode(draft_of(view), {});
  REQUIRE(encoded.has_value());
  std::vector<std::byte> bytes(encoded->size());
  encoded->write_to(bytes.data(), view.queue_offset, view.physical_offset, view.stored);
  return bytes;
}

HostAddress random_host(Random& random) {
  HostAddress host;
  host.v6 = random() % 2 == 0;
  for (size_t i = 0; i < host.address_bytes(); ++i) host.address[i] = static_cast<uint8_t>(random());
  host.port = static_cast<int32_t>(random());
  return host;
}

}  // namespace

TEST_CASE("Property: a record that was parsed is encoded to the same bytes") {
  Random random(kSeed);
  for (int round = 0; round < kRounds; ++round) {
    INFO("seed " << kSeed << " round " << round);
    const std::vector<std::byte> bytes = SampleDraft(random).encode();
    MessageView view;
    REQUIRE(parse_record(bytes, CrcCheck::kBodyAndProperties, view) == RecordStatus::kRecord);
    REQUIRE(encode_again(view) == bytes);
  }
}

TEST_CASE("Property: records that follow each other come apart again, up to the zeros behind them") {
  Random random(kSeed);
  for (int round = 0; round < kRounds / 20; ++round) {
    INFO("seed " << kSeed << " round " << round);
    std::vector<std::vector<std::byte>> records(1 + random() % 20);
    std::vector<std::byte> log;
    for (auto& record : records) {
      record = SampleDraft(random).encode();
      log.insert(log.end(), record.begin(), record.end());
    }
    log.resize(log.size() + 100);
    Bytes rest = log;
    for (const auto& record : records) {
      MessageView view;
      REQUIRE(parse_record(rest, CrcCheck::kBodyAndProperties, view) == RecordStatus::kRecord);
      REQUIRE(std::equal(view.record.begin(), view.record.end(), record.begin(), record.end()));
      rest = rest.subspan(record.size());
    }
    MessageView view;
    REQUIRE(parse_record(rest, CrcCheck::kBody, view) == RecordStatus::kEmpty);
  }
}

TEST_CASE("Property: a record cut anywhere is never taken for a whole one") {
  Random random(kSeed);
  for (int round = 0; round < kRounds; ++round) {
    INFO("seed " << kSeed << " round " << round);
    const std::vector<std::byte> bytes = SampleDraft(random).encode();
    const ExactBytes cut(Bytes(bytes).first(random() % bytes.size()));
    MessageView view;
    REQUIRE(parse_record(cut.view(), CrcCheck::kBodyAndProperties, view) != RecordStatus::kRecord);
  }
}

TEST_CASE("Property: properties come back in order, the last of a name winning") {
  Random random(kSeed);
  for (int round = 0; round < kRounds; ++round) {
    INFO("seed " << kSeed << " round " << round);
    std::string encoded;
    std::vector<std::pair<std::string, std::string>> put;
    std::map<std::string, std::string> winning;
    for (size_t i = random() % 12; i > 0; --i) {
      const std::string name = "n" + std::to_string(random() % 8) + bytes_without(random, random() % 3, "\x01\x02");
      const std::string value = bytes_without(random, 1 + random() % 20, "\x02");
      REQUIRE(append_property(encoded, name, value).ok());
      put.emplace_back(name, value);
      winning[name] = value;
    }
    PropertyCursor cursor(encoded);
    PropertyItem item;
    for (const auto& [name, value] : put) {
      REQUIRE(cursor.next(item));
      REQUIRE(item.name == name);
      REQUIRE(item.value == value);
    }
    REQUIRE_FALSE(cursor.next(item));
    for (const auto& [name, value] : winning) REQUIRE(find_property(encoded, name) == value);
    REQUIRE(parse_properties(encoded).size() == winning.size());
  }
}

TEST_CASE("Property: a client's batch comes apart into what was put into it") {
  Random random(kSeed);
  for (int round = 0; round < kRounds; ++round) {
    INFO("seed " << kSeed << " round " << round);
    std::vector<std::pair<std::string, std::string>> put(1 + random() % 6);
    std::string encoded;
    for (auto& [body, properties] : put) {
      body = bytes_without(random, random() % 50, "");
      properties = bytes_without(random, random() % 50, "");
      append_batch_item(encoded, {static_cast<int32_t>(body.size()), as_bytes(body), properties});
    }
    const Result<std::vector<BatchItem>> items = decode_client_batch(as_bytes(encoded));
    REQUIRE(items.has_value());
    REQUIRE(items->size() == put.size());
    for (size_t i = 0; i < put.size(); ++i) {
      REQUIRE(as_text((*items)[i].body) == put[i].first);
      REQUIRE((*items)[i].properties == put[i].second);
      REQUIRE((*items)[i].flag == static_cast<int32_t>(put[i].first.size()));
    }
    REQUIRE_FALSE(decode_client_batch(as_bytes(encoded).first(encoded.size() - 1)).has_value());
  }
}

TEST_CASE("Property: hosts and offset ids are read back from their texts") {
  Random random(kSeed);
  for (int round = 0; round < kRounds; ++round) {
    const HostAddress host = random_host(random);
    INFO("seed " << kSeed << " round " << round << ": " << to_string(host));
    REQUIRE(parse_host(to_string(host)) == host);
    std::vector<std::byte> raw(host.encoded_bytes());
    host.store(raw.data());
    REQUIRE(HostAddress::load(raw.data(), host.v6) == host);

    const PhysicalOffset offset(static_cast<int64_t>(random() >> 1));
    const std::string id = offset_message_id(host, offset);
    REQUIRE(id.size() == (host.v6 ? 56u : 32u));
    const std::optional<OffsetMessageId> parsed = parse_offset_message_id(id);
    REQUIRE(parsed.has_value());
    REQUIRE(parsed->store_host == host);
    REQUIRE(parsed->physical_offset == offset);
  }
}
