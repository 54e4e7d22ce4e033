// The listing that Apache's own decoder made of a golden set (tests/golden/NAME.expected.jsonl), with every field,
// and the comparison of a line with a record as we read it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "libstore/message/delay_level.h"
#include "libstore/message/message_view.h"

namespace mqctl::test {

struct ExpectedLine {
  bool blank = false;  // then only the next three
  int64_t pos = 0;
  std::string file;
  int64_t size = 0;

  int version = 0;
  std::string topic;
  int32_t queue = 0;
  int64_t queue_offset = 0;
  std::string message_id;
  std::optional<std::string> uniq, tags;
  std::optional<std::vector<std::string>> keys;
  int64_t born_ms = 0, stored_ms = 0;
  std::string born_host, store_host;
  int32_t sys_flag = 0, flag = 0, reconsume = 0;
  int64_t prepared_offset = 0;
  uint32_t body_crc = 0;
  std::string crc;
  int64_t tags_code = 0;
  size_t body_size = 0;
  std::string body_sha256;
  std::optional<size_t> plain_size;
  std::string plain_sha256;
  std::map<std::string, std::string> props;
};

struct ExpectedListing {
  std::vector<ExpectedLine> lines;  // in log order, blanks included
  int64_t end = 0;
};

// Throws where there is no such set, or a line that it does not understand: a new field must not go unseen.
ExpectedListing load_expected_listing(std::string_view set);

// The delay levels that the brokers of the golden sets ran with.
const DelayLevelTable& golden_delay_levels();

// The names of the fields that differ, each with both values; empty where all agree.
// REQUIRES: !line.blank. The record must have passed its CRC check.
std::string differences(const ExpectedLine& line, const MessageView& message);

}  // namespace mqctl::test
