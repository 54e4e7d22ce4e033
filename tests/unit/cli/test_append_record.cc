#include <catch2/catch.hpp>
#include <string>

#include "cli/commands/append_record.h"
#include "libstore/message/compression.h"
#include "libstore/message/properties.h"
#include "libstore/message/system_flag.h"

namespace mqctl {
namespace {

constexpr EpochMs kNow{1767323045678};  // 2026-01-02T03:04:05.678Z

// One record, read; the line lives as long as this.
struct Reading {
  explicit Reading(std::string text, std::string topic = "")
      : line(std::move(text)),
        reader({std::move(topic), HostAddress::v4(10, 0, 0, 1, 1), HostAddress::v4(10, 0, 0, 2, 2)}, keys, clock),
        result(reader.read(line, draft)) {}

  std::string property(std::string_view name) const {
    return std::string(find_property(draft.properties, name).value_or("(none)"));
  }
  std::string error() const { return result ? "" : result.error().message(); }

  std::string line;
  ManualClock clock{kNow};
  UniqueKeyGenerator keys{HostAddress::v4(127, 0, 0, 1, 0), 1, 1};
  RecordReader reader;
  MessageDraft draft;
  Result<RecordLine> result;
};

TEST_CASE("ARecordOfDumpKeepsWhatItSays") {
  Reading read(R"({"v":1,"pos":1,"file":"00000000000000000000","size":238,"topic":"orders","queue":3,"qoff":1005,)"
               R"("msgid":"7F00","uniq":"C0A8","tags":"TagA","keys":["id188"],"born":"2026-01-02T03:04:05.678Z",)"
               R"("stored":"2026-01-02T03:04:05.680Z","born_host":"127.0.0.1:49949","store_host":"1.2.3.4:5",)"
               R"("sysflag":8,"flag":-7,"reconsume":2,"prepared_offset":99,"crc":"ok",)"
               R"("props":{"UNIQ_KEY":"C0A8","KEYS":"id188","TAGS":"TagA","WAIT":"true"},"body":"h\u00e9llo"})");
  REQUIRE(read.error() == "");
  CHECK(read.draft.topic == "orders");
  CHECK(read.draft.queue_id == QueueId(3));
  CHECK(read.reader.has_queue());
  CHECK(read.draft.flag == -7);
  CHECK(read.draft.sys_flag == sys_flag::kCommit);
  CHECK(read.draft.reconsume_times == 2);
  CHECK(read.draft.prepared_transaction_offset == PhysicalOffset(99));
  CHECK(read.draft.born == kNow);
  CHECK(to_string(read.draft.born_host) == "127.0.0.1:49949");
  CHECK(to_string(read.draft.store_host) == "10.0.0.2:2");
  CHECK(read.draft.properties == "UNIQ_KEY\1C0A8\2KEYS\1id188\2TAGS\1TagA\2WAIT\1true\2");
  CHECK(as_text(read.draft.body) == "h\xC3\xA9llo");
}

TEST_CASE("ARecordByHandGetsWhatItLeavesOpen") {
  Reading read(R"({"body":"x","tags":"A","keys":["k1","k2"]})", "T");
  REQUIRE(read.error() == "");
  CHECK(read.draft.topic == "T");
  CHECK_FALSE(read.reader.has_queue());
  CHECK(read.draft.born == kNow);
  CHECK(read.property("TAGS") == "A");
  CHECK(read.property("KEYS") == "k1 k2");
  CHECK(read.property("UNIQ_KEY").size() == 32);
  const std::string first = read.property("UNIQ_KEY");
  read.reader.again(read.draft);
  CHECK(read.property("UNIQ_KEY").size() == 32);
  CHECK(read.property("UNIQ_KEY") != first);
}

TEST_CASE("ARecordThatWasStoredOnceGetsNoUniqueKey") {
  for (const char* line : {R"({"topic":"T","body":"x","msgid":"7F00"})", R"({"topic":"T","body":"x","props":{}})",
                           R"({"topic":"T","body":"x","props_b64":""})"}) {
    Reading read(line);
    REQUIRE(read.error() == "");
    CHECK(read.draft.properties.empty());
  }
}

TEST_CASE("RawBytesWinOverText") {
  Reading read(R"({"topic":"?","topic_b64":"/w==","props":{"a":"?"},"props_b64":"YQH/Ag==","body_b64":"/v8="})");
  REQUIRE(read.error() == "");
  CHECK(read.draft.topic == "\xFF");
  CHECK(read.draft.properties == "a\1\xFF\2");
  CHECK(as_text(read.draft.body) == "\xFE\xFF");
}

TEST_CASE("TheRecordChecksumIsNotKept") {
  Reading text(R"({"topic":"T","props":{"a":"b","__CRC32#":"1234567890"},"body":""})");
  CHECK(text.draft.properties == "a\1b\2");
  Reading raw(R"({"topic":"T","props_b64":"YQFiAl9fQ1JDMzIjATEyMzQ1Njc4OTAC","body":""})");
  CHECK(raw.draft.properties == "a\1b\2");
}

TEST_CASE("PlainBodiesOfCompressedMessagesAreCompressedAgain") {
  Reading read(R"({"topic":"T","sysflag":769,"body":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"})");
  REQUIRE(read.error() == "");
  CHECK(read.draft.sys_flag == 769);
  Result<std::string> plain = decompress(CompressionType::kZlib, read.draft.body, 1000);
  REQUIRE(plain.has_value());
  CHECK(*plain == std::string(57, 'a'));
}

TEST_CASE("BodiesThatAreStillCompressedAreTakenAsTheyAre") {
  Reading read(R"({"topic":"T","sysflag":769,"compressed":"zlib","body_b64":"eJw="})");
  REQUIRE(read.error() == "");
  CHECK(as_text(read.draft.body) == "x\x9C");
  CHECK(Reading(R"({"topic":"T","sysflag":769,"compressed":"lz4","body":"x"})").error() ==
        R"("compressed" and "sysflag" name different methods)");
}

TEST_CASE("HostBitsAreTheStoresBusiness") {
  Reading read(R"({"topic":"T","sysflag":48,"born_host":"[::1]:5","body":"x"})");
  REQUIRE(read.error() == "");
  CHECK(read.draft.sys_flag == 0);
  CHECK(read.draft.born_host.v6);
}

TEST_CASE("BornIsATimeOrANumber") {
  CHECK(Reading(R"({"topic":"T","body":"","born":1767323045678})").draft.born == kNow);
  CHECK(Reading(R"({"topic":"T","body":"","born":"2026-01-02T03:04:05.678Z"})").draft.born == kNow);
  CHECK(Reading(R"({"topic":"T","body":"","born":"2026-01-02T04:04:05.678+01:00"})").draft.born == kNow);
  CHECK_FALSE(Reading(R"({"topic":"T","body":"","born":"yesterday-ish"})").result);
  CHECK_FALSE(Reading(R"({"topic":"T","body":"","born":"2026-02-30T03:04:05.678Z"})").result);
}

TEST_CASE("FindingsAndBlankLinesAreNoMessages") {
  CHECK(*Reading(R"({"v":1,"finding":"body-crc","pos":1,"len":2,"file":"f","detail":"d"})").result ==
        RecordLine::kFinding);
  CHECK(*Reading("  \t\r").result == RecordLine::kBlank);
}

TEST_CASE("MembersNobodyKnowsArePassedOver") {
  CHECK(Reading(R"({"topic":"T","new":{"a":[1,2,{"b":null}]},"body":"x"})").error() == "");
}

TEST_CASE("WrongRecordsSayWhatIsWrong") {
  const auto error = [](const char* line) { return Reading(line).error(); };
  CHECK(error(R"({"body":"x"})") == "the record has no \"topic\"");
  CHECK(error(R"({"topic":"T"})") == "the record has no \"body\"");
  CHECK(error(R"({"topic":"T","body":"x","body_b64":"eA=="})") == "the record has \"body\" and \"body_b64\"");
  CHECK(error(R"({"topic":"T","body":"x","truncated":true})") ==
        "the body was cut when the record was written (\"truncated\":true)");
  CHECK(error(R"({"topic":"a/b","body":"x"})").starts_with("not a topic"));
  CHECK(error(R"({"topic":"..","body":"x"})").starts_with("not a topic"));
  CHECK(error(R"({"topic":"T","body":"x","queue":-1})") == "column 35: the number is out of range");
  CHECK(error(R"({"topic":"T","body":"x","props":{"a":""}})").starts_with("column"));
  CHECK(error(R"({"topic":"T","body":"x","tags":"B","props":{"TAGS":"A"}})") ==
        "the record contradicts itself: property TAGS is `A` and `B`");
  CHECK(error(R"({"topic":"T","body":"x","keys":["a b"]})") == "a key is empty or holds a blank");
  CHECK(error(R"({"topic":"T","body":"x","born_host":"localhost:1"})").starts_with("\"born_host\""));
  CHECK(error(R"({"topic":"SCHEDULE_TOPIC_XXXX","body":"x","props":{"DELAY":"soon"}})").starts_with("property DELAY"));
  CHECK(error(R"({"topic":"T","body":"x","props":{"INNER_NUM":"two"}})").starts_with("property INNER_NUM"));
  CHECK(error(R"({"topic":"T","body":"x","v":2})") == "column 30: only records of version 1 are known");
  CHECK(error("[1]") == "column 1: an object is expected");
  CHECK(error(R"({"topic":"T","body":"x"} {})") == "column 26: something follows the value");
}

TEST_CASE("EveryCutAndEveryChangedByteIsTakenOrRefused") {
  const std::string line =
      R"({"v":1,"topic":"T","topic_b64":"VA==","queue":1,"keys":["a"],"born":"2026-01-02T03:04:05.678Z",)"
      R"("born_host":"[::1]:1","sysflag":769,"props":{"KEYS":"a","x":"\u0416"},"props_b64":"YQFiAg==","body":"abc"})";
  for (size_t length = 0; length <= line.size(); ++length) Reading(line.substr(0, length));
  for (size_t at = 0; at < line.size(); ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string changed = line;
      changed[at] = static_cast<char>(changed[at] ^ (1 << bit));
      Reading read(std::move(changed));
      if (!read.result) CHECK_FALSE(read.error().empty());
    }
  }
}

}  // namespace
}  // namespace mqctl
