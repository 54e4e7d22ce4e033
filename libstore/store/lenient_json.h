// The JSON that RocketMQ's brokers write into config/*.json: fastjson 1.x leaves integer map keys unquoted
// (`{0:12,1:15}`), which strict readers refuse (docs/store-format.md). Otherwise it is JSON.
//
// Members keep their order, so that a file can be changed in one place and written back as it stands elsewhere.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "libstore/base/result.h"
#include "libstore/os/file_system.h"

namespace mqctl {

using ConfigJson = nlohmann::ordered_json;

inline constexpr int kMaxJsonNesting = 64;
inline constexpr uint64_t kMaxConfigFileBytes = 256u << 20;

// The same text with the integer keys quoted. kCorruption where it nests deeper than kMaxJsonNesting. Does not
// validate: what is no JSON stays none.
Result<std::string> quote_integer_keys(std::string_view text);

// kCorruption, with the position, for text that is not JSON even so.
Result<ConfigJson> parse_lenient_json(std::string_view text);

// Tabs and line breaks as brokers have them, keys quoted; text that is not UTF-8 as Java would have read it.
std::string write_config_json(const ConfigJson& json);

// A file of config/ as a broker loads it: the file, or its `.bak` where it is missing, empty or undecodable
// (`usable` says no). `from_backup` tells. kNotFound where neither is there; kCorruption where none of them is usable.
struct ConfigFile {
  ConfigJson json;
  bool from_backup = false;
};
Result<ConfigFile> load_config_file(FileSystem& fs, const std::string& path, bool (*usable)(const ConfigJson&));

// Durably, with dataVersion bumped. The old file becomes `.bak`, unless it was the `.bak` that was read: a broken file
// must not take its place.
Status save_config_file(FileSystem& fs, const std::string& path, ConfigFile& file, EpochMs now);

}  // namespace mqctl
