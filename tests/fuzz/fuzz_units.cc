// What people type: sizes, durations, times, ranges, addresses, ids, delay levels, hours, a broker.conf. What is
// understood and written again is understood as the same.
#include <strings.h>

#include "cli/broker/broker_config.h"
#include "cli/output/units.h"
#include "libstore/message/delay_level.h"
#include "libstore/message/host_address.h"
#include "libstore/message/message_id.h"
#include "libstore/store/retention.h"
#include "tests/fuzz/require.h"

using namespace mqctl;

namespace {

constexpr EpochMs kNow{1700000000000};

void numbers(std::string_view text) {
  if (const Result<uint64_t> size = parse_size(text)) {
    const Result<uint64_t> again = parse_size(std::to_string(*size));
    REQUIRE(again.has_value() && *again == *size);
    (void)size_text(static_cast<double>(*size));
  }
  if (const Result<std::chrono::milliseconds> duration = parse_duration(text)) {
    REQUIRE(duration->count() >= 0);
    (void)duration_text(std::chrono::duration_cast<std::chrono::seconds>(*duration));
    const Result<EpochMs> ago = parse_time("-" + std::string(text), kNow);
    REQUIRE(ago.has_value() && *ago == kNow - duration->count());
  }
}

void times(std::string_view text) {
  const Result<EpochMs> time = parse_time(text, kNow);
  if (!time || !has_calendar_form(*time)) return;
  for (const Zone zone : {Zone::kUtc, Zone::kLocal}) {
    const Result<EpochMs> again = parse_time(time_text(*time, zone), kNow);
    REQUIRE(again.has_value() && *again == *time);
  }
}

void ranges(std::string_view text) {
  for (const Result<NumberRange>& range : {parse_number_range(text), parse_time_range(text, kNow)}) {
    if (!range) continue;
    REQUIRE(range->begin <= range->end);
    REQUIRE(range->begin == range->end || range->holds(range->begin));
    REQUIRE(!range->holds(range->end));
  }
}

void addresses(std::string_view text) {
  if (const std::optional<HostAddress> host = parse_host(text)) {
    REQUIRE(parse_host(to_string(*host)) == host);
    (void)ip_text(*host);
  }
  if (const std::optional<OffsetMessageId> id = parse_offset_message_id(text)) {
    const std::string again = offset_message_id(id->store_host, id->physical_offset);
    REQUIRE(again.size() == text.size() && ::strncasecmp(again.data(), text.data(), text.size()) == 0);
  }
}

void tables(std::string_view text) {
  if (const Result<DelayLevelTable> levels = DelayLevelTable::parse(text)) {
    for (int level = -1; level <= levels->max_level() + 1; ++level) REQUIRE(levels->delay_ms(level) >= 0);
  }
  if (const Result<std::vector<int>> hours = parse_delete_when(text)) {
    for (const int hour : *hours) REQUIRE(hour >= 0 && hour < 24);
  }
}

void configuration(std::string_view text) {
  static const auto kDefaults = broker_config_entries({});
  BrokerConfig config, again;
  if (!read_broker_config(config, text)) return;
  const auto entries = broker_config_entries(config);
  if (entries == kDefaults) return;
  for (const auto& [key, value] : entries) {
    const Result<bool> set = set_broker_config(again, key, value);
    REQUIRE_SAYING(set.has_value() && *set, key + "=" + value);
  }
  REQUIRE(broker_config_entries(again) == entries);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  numbers(text);
  times(text);
  ranges(text);
  addresses(text);
  tables(text);
  configuration(text);
  return 0;
}
