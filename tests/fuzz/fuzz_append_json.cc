// Any line as a record of `append -i json`. What is taken is JSON to another parser too; what another parser refuses is
// refused. A message that was taken, stored and dumped reads as the same message.
#include <nlohmann/json.hpp>

#include "cli/commands/append_record.h"
#include "cli/output/json_scanner.h"
#include "cli/output/record_json.h"
#include "libstore/message/compression.h"
#include "libstore/message/properties.h"
#include "libstore/message/record_parser.h"
#include "libstore/message/system_flag.h"
#include "tests/fuzz/require.h"

using namespace mqctl;

namespace {

const ManualClock kClock{EpochMs(1700000000000)};
constexpr HostAddress kHost = HostAddress::v4(192, 0, 2, 7, 10911);
constexpr int32_t kHostBits = sys_flag::kBornHostV6 | sys_flag::kStoreHostV6;

struct Reading {
  explicit Reading(std::string text)
      : line(std::move(text)), reader({"T", kHost, kHost}, keys, kClock), result(reader.read(line, draft)) {}
  std::string line;
  UniqueKeyGenerator keys{kHost, 1, 1};
  RecordReader reader;
  MessageDraft draft;
  Result<RecordLine> result;
};

// nlohmann_json takes a NUL byte for the end of its input, and a number that is no double for an error.
bool comparable(const std::string& text) {
  if (text.find('\0') != std::string::npos) return false;
  try {
    return !nlohmann::json::parse(text).is_discarded();
  } catch (const nlohmann::json::out_of_range&) {
    return false;
  } catch (const nlohmann::json::parse_error&) {
    return true;
  }
}

void check_scanner(const std::string& text, bool accepted) {
  std::string copy = text;
  JsonScanner scanner(copy);
  const bool scanned = scanner.skip() && scanner.at_end();
  const bool deep = scanner.error().find("nest") != std::string_view::npos;
  REQUIRE_SAYING(scanned == accepted || deep, std::string(scanner.error()));
}

std::string plain(const MessageDraft& draft) {
  const Result<CompressionType> type = compression_of(draft.sys_flag);
  if (!type || *type == CompressionType::kNone) return std::string(as_text(draft.body));
  const Result<std::string> unpacked = decompress(*type, draft.body, kLargestPlainBody);
  return unpacked ? *unpacked : std::string(as_text(draft.body));
}

bool same_properties(std::string_view one, std::string_view other) {
  const std::vector<PropertyItem> a = parse_properties(one), b = parse_properties(other);
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const PropertyItem& x, const PropertyItem& y) {
    return x.name == y.name && x.value == y.value;
  });
}

void compare(const MessageDraft& a, const MessageDraft& b) {
  REQUIRE(a.topic == b.topic && a.queue_id == b.queue_id && a.flag == b.flag);
  REQUIRE((a.sys_flag & ~kHostBits) == (b.sys_flag & ~kHostBits));
  REQUIRE(a.born == b.born && a.born_host == b.born_host);
  REQUIRE(a.reconsume_times == b.reconsume_times);
  REQUIRE(a.prepared_transaction_offset == b.prepared_transaction_offset);
  REQUIRE(same_properties(a.properties, b.properties));
  REQUIRE(plain(a) == plain(b));
}

// As it stands in a log, dumped.
std::string dumped(const EncodedMessage& message) {
  std::vector<std::byte> record(message.size());
  message.write_to(record.data(), QueueOffset(7), PhysicalOffset(4096), EpochMs(1700000000001));
  MessageView view;
  REQUIRE(parse_record(record, CrcCheck::kBodyAndProperties, view) == RecordStatus::kRecord);
  BodyReader body({});
  body.read(view);
  std::string line;
  append_record_json(line, {view, PhysicalOffset(4096), "00000000000000000000"}, body, Zone::kUtc);
  return line;
}

void dump_and_read(const MessageDraft& draft) {
  const Result<EncodedMessage> encoded = EncodedMessage::encode(draft, {});
  if (!encoded) return;
  const std::string line = dumped(*encoded);
  REQUIRE_SAYING(nlohmann::json::accept(line), line);
  Reading again(line);
  REQUIRE_SAYING(again.result.has_value(), line + (again.result ? "" : again.result.error().to_string()));
  REQUIRE(*again.result == RecordLine::kMessage);
  compare(draft, again.draft);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string line(reinterpret_cast<const char*>(data), size);
  const bool accepted = nlohmann::json::accept(line);
  if (comparable(line)) check_scanner(line, accepted);
  Reading first(line);
  if (!first.result || *first.result == RecordLine::kBlank) return 0;
  REQUIRE(accepted || !comparable(line));
  if (*first.result == RecordLine::kMessage) dump_and_read(first.draft);
  return 0;
}
