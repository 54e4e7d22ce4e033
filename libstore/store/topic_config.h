// config/topics.json: which topics a broker routes, and over how many queues (Apache: TopicConfigManager; the format
// is in docs/store-format.md). A topic that has messages and no entry here is served to nobody.
//
// Whoever writes holds the store's lock. Entries, members and their order stay as they stand except where queues are
// missing. A file that cannot be read, nor its `.bak`, is an error and is left alone.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "libstore/base/result.h"
#include "libstore/base/types.h"
#include "libstore/os/file_system.h"

namespace mqctl {

struct TopicNeed {
  std::string topic;
  int32_t queues = 1;  // the greatest queue id, plus one
};

// What was, or would be, done for one topic. queues_before is 0 for a new entry.
struct TopicChange {
  std::string topic;
  int32_t queues_before = 0;
  int32_t queues = 0;
};

struct TopicConfig {
  std::string topic;
  int32_t read_queues = 0;
  int32_t write_queues = 0;
  int32_t perm = 6;
};

std::string topics_file(std::string_view store_root);  // <root>/config/topics.json

// Queues of a topic that every broker makes by itself at start, so that it needs no entry; 0 for all others.
int32_t built_in_queues(std::string_view topic);

// The entries there are; none where there is no file.
Result<std::vector<TopicConfig>> load_topics(FileSystem& fs, std::string_view store_root);

// What ensure_topics would change.
Result<std::vector<TopicChange>> plan_topics(FileSystem& fs, std::string_view store_root,
                                             const std::vector<TopicNeed>& needs);
// Adds missing entries, raises queue counts that are too small; writes only where something changed, durably, the old
// file kept as `.bak`.
Result<std::vector<TopicChange>> ensure_topics(FileSystem& fs, std::string_view store_root,
                                               const std::vector<TopicNeed>& needs, EpochMs now);

}  // namespace mqctl
