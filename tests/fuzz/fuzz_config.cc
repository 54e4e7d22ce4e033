// The configuration files of a broker, of any bytes: the first byte chooses the file. Each loads or is refused; what
// loads is written again and then loads to the same. What another parser of JSON takes is taken.
#include "cli/broker/consumer_offset_manager.h"
#include "cli/broker/kv_config_manager.h"
#include "cli/broker/subscription_group_manager.h"
#include "cli/broker/topic_config_manager.h"
#include "libstore/store/delay_offset.h"
#include "libstore/store/topic_config.h"
#include "tests/fuzz/fuzz_input.h"
#include "tests/fuzz/memory_file_system.h"
#include "tests/fuzz/require.h"

using namespace mqctl;

namespace {

const std::string kConfig = "/s/config/";
const ManualClock kClock{EpochMs(1700000000000)};

void check_json(std::string_view text) {
  const Result<ConfigJson> lenient = parse_lenient_json(text);
  const ConfigJson strict = ConfigJson::parse(text, nullptr, false);
  if (!strict.is_discarded()) {
    REQUIRE(lenient ? *lenient == strict : lenient.error().message().find("nested deeper") != std::string::npos);
  }
  if (!lenient) return;
  const Result<ConfigJson> again = parse_lenient_json(write_config_json(*lenient));
  REQUIRE(again.has_value() && write_config_json(*again) == write_config_json(*lenient));
}

void topics(FileSystem& fs) {
  TopicConfigManager manager(fs, kClock, kConfig + "topics.json");
  if (!manager.load({}).ok()) return;
  REQUIRE(manager.update({{"fuzzed", Topic()}}).ok());
  TopicConfigManager again(fs, kClock, kConfig + "topics.json");
  REQUIRE(again.load({}).ok());
  const auto before = manager.all(), after = again.all();
  REQUIRE(before.size() == after.size());
  for (size_t i = 0; i < before.size(); ++i) {
    REQUIRE(before[i].first == after[i].first && *before[i].second == *after[i].second);
    (void)topic_description(before[i].first, *before[i].second);
  }
}

void topics_of_append(FileSystem& fs) {
  const std::vector<TopicNeed> needs{{"fuzzed", 3}, {"T", 1}};
  const Result<std::vector<TopicChange>> plan = plan_topics(fs, "/s", needs);
  const Result<std::vector<TopicChange>> done = ensure_topics(fs, "/s", needs, EpochMs(1));
  REQUIRE(plan.has_value() == done.has_value());
  if (!done) return;
  const Result<std::vector<TopicChange>> left = plan_topics(fs, "/s", needs);
  REQUIRE(left.has_value() && left->empty());
  REQUIRE(load_topics(fs, "/s").has_value());
}

void groups(FileSystem& fs) {
  SubscriptionGroupManager manager(fs, kClock, kConfig + "subscriptionGroup.json");
  if (!manager.load().ok()) return;
  for (const auto& [name, json] : manager.all()) {
    const SubscriptionGroup group{json};
    REQUIRE(group.retry_queues() <= 65536);
    (void)group.retry_max_times();
  }
  REQUIRE(manager.set_may_read("fuzzed", "T", false).ok());
  REQUIRE(manager.update({{"fuzzed", default_group_json("fuzzed")}}).ok());
  SubscriptionGroupManager again(fs, kClock, kConfig + "subscriptionGroup.json");
  REQUIRE(again.load().ok());
  REQUIRE(again.all() == manager.all() && again.forbidden_json() == manager.forbidden_json());
  REQUIRE(!again.may_read("fuzzed", "T"));
}

void offsets(FileSystem& fs) {
  ConsumerOffsetManager manager(fs, kClock, kConfig + "consumerOffset.json");
  if (!manager.load().ok()) return;
  REQUIRE(manager.commit("G", "fuzzed", 3, 17));
  REQUIRE(manager.persist().ok());
  ConsumerOffsetManager again(fs, kClock, kConfig + "consumerOffset.json");
  REQUIRE(again.load().ok());
  REQUIRE(again.query("G", "fuzzed", 3) == 17);
  REQUIRE(again.json() == manager.json());
}

void delays(FileSystem& fs) {
  Result<DelayOffsets> offsets = load_delay_offsets(fs, "/s");
  if (!offsets) return;
  (*offsets)[3] = QueueOffset(17);
  REQUIRE(save_delay_offsets(fs, "/s", *offsets, EpochMs(1)).ok());
  const Result<DelayOffsets> again = load_delay_offsets(fs, "/s");
  REQUIRE(again.has_value() && *again == *offsets);
}

void kv_config(FileSystem& fs) {
  KvConfigManager manager(fs, kConfig + "kvConfig.json");
  if (!manager.load().ok()) return;
  REQUIRE(manager.put("space", "key", "value").ok());
  KvConfigManager again(fs, kConfig + "kvConfig.json");
  REQUIRE(again.load().ok());
  REQUIRE(again.get("space", "key") == "value" && again.list("space") == manager.list("space"));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  struct Case {
    const char* file;
    void (*check)(FileSystem& fs);
  };
  static constexpr Case kCases[] = {
      {"topics.json", topics},          {"topics.json", topics_of_append}, {"subscriptionGroup.json", groups},
      {"consumerOffset.json", offsets}, {"delayOffset.json", delays},      {"kvConfig.json", kv_config}};
  test::FuzzInput input(data, size);
  const Case& chosen = kCases[input.below(std::size(kCases))];
  const bool as_backup = input.below(8) == 7;
  const Bytes content = input.rest();
  check_json(as_text(content));
  test::MemoryFileSystem fs;
  fs.put(kConfig + chosen.file + (as_backup ? ".bak" : ""), content);
  chosen.check(fs);
  return 0;
}
