// The tables of the broker: names, subscriptions, topics, groups, progress, locks; over the configuration files of
// genuine brokers too.
#include <algorithm>
#include <catch2/catch.hpp>
#include <chrono>
#include <ctime>
#include <functional>
#include <future>
#include <string>

#include "cli/broker/broker_config.h"
#include "cli/broker/consumer_offset_manager.h"
#include "cli/broker/kv_config_manager.h"
#include "cli/broker/rebalance_lock_manager.h"
#include "cli/broker/subscription_data.h"
#include "cli/broker/subscription_group_manager.h"
#include "cli/broker/topic_config_manager.h"
#include "cli/broker/topic_validator.h"
#include "libstore/os/replace_file.h"
#include "tests/unit/support/golden_store.h"
#include "tests/unit/support/hooked_file_system.h"

namespace mqctl {
namespace {

using test::GoldenStore;
using test::TemporaryDirectory;

const ManualClock kClock{EpochMs(1000)};
FileSystem& fs() { return posix_file_system(); }

TEST_CASE("Names of topics and groups are judged as Apache judges them") {
  CHECK(topic_fault("Orders_1-x%|").empty());
  CHECK(topic_fault(" ") == "The specified topic is blank.");
  CHECK(topic_fault("a b") ==
        "The specified topic: a b, contains illegal characters, allowing only ^[%|a-zA-Z0-9_-]+$");
  CHECK(topic_fault(std::string(127, 'a')).empty());
  CHECK(topic_fault(std::string(128, 'a')).find("longer than topic max length: 127") != std::string::npos);
  CHECK(topic_fault("%RETRY%" + std::string(248, 'a')).empty());
  CHECK(topic_fault("%RETRY%" + std::string(249, 'a')).find("255") != std::string::npos);
  CHECK(group_fault(std::string(120, 'g')).empty());
  CHECK_FALSE(group_fault(std::string(121, 'g')).empty());
  CHECK(is_forbidden_to_send("RMQ_SYS_TRANS_HALF_TOPIC"));
  CHECK_FALSE(is_forbidden_to_send("TBW102"));
  CHECK(is_system_topic("rmq_sys_wheel_timer"));
}

TEST_CASE("Subscriptions by tag accept by hash") {
  const auto all = make_subscription("T", "*", "");
  REQUIRE(all.has_value());
  CHECK(all->accepts_code(12345));
  const auto two = make_subscription("T", " TagA || TagB ", "TAG");
  REQUIRE(two.has_value());
  CHECK(two->tags == std::set<std::string>{"TagA", "TagB"});
  CHECK(two->accepts_code(2598919));  // Java's "TagA".hashCode()
  CHECK_FALSE(two->accepts_code(2598921));
  CHECK_FALSE(make_subscription("T", "a >", "SQL92").has_value());
  CHECK_FALSE(make_subscription("T", "*", "XPATH").has_value());
}

TEST_CASE("Topics are made after the default topic, and are there after a restart") {
  const TemporaryDirectory dir;
  const std::string path = dir.path() + "/config/topics.json";
  {
    TopicConfigManager topics(fs(), kClock, path);
    REQUIRE(topics.load({}).ok());
    const std::optional<Topic> model = topics.model_for_send("TBW102", 4, true);
    REQUIRE(model.has_value());
    CHECK(model->write_queues == 4);
    CHECK(model->perm == 6);
    REQUIRE(topics.ensure({{"T", *model}}).ok());
    CHECK_FALSE(topics.model_for_send("T", 4, true).has_value());  // T gives nothing on
    CHECK_FALSE(topics.model_for_send("TBW102", 4, false).has_value());
    CHECK(topics.is_system("DefaultCluster"));
    CHECK_FALSE(topics.is_system("T"));
  }
  TopicConfigManager again(fs(), kClock, path);
  REQUIRE(again.load({}).ok());
  CHECK(again.find("T")->read_queues == 4);
  CHECK(again.version().counter == 1);
}

TEST_CASE("No topic comes by itself where that is off") {
  const TemporaryDirectory dir;
  BrokerConfig config;
  config.auto_create_topic = false;
  TopicConfigManager topics(fs(), kClock, dir.path() + "/topics.json");
  REQUIRE(topics.load(config).ok());
  CHECK(topics.find("TBW102") == nullptr);
  CHECK_FALSE(topics.model_for_send("TBW102", 4, true).has_value());
}

// At each step of a save another thread looks; whether it saw what is being saved, while the save had not ended.
template <class Look>
struct LookWhileSaving {
  explicit LookWhileSaving(Look look) : look_(std::move(look)) {}
  Status operator()() {
    looks_.push_back(std::async(std::launch::async, look_));
    CHECK(looks_.back().wait_for(std::chrono::minutes(1)) == std::future_status::ready);
    return {};
  }
  bool any_saw() {
    REQUIRE_FALSE(looks_.empty());
    return std::any_of(looks_.begin(), looks_.end(), [](auto& look) { return look.get(); });
  }

 private:
  Look look_;
  std::vector<std::future<bool>> looks_;
};

TEST_CASE("Who looks at a table does not wait while it is saved, and sees what is saved") {
  const TemporaryDirectory dir;
  std::function<Status()> at_step = [] { return Status(); };
  test::HookedFileSystem slow(fs(), [&](test::Operation, const std::string&) { return at_step(); });
  TopicConfigManager topics(slow, kClock, dir.path() + "/topics.json");
  REQUIRE(topics.load({}).ok());
  LookWhileSaving topic_looks([&] { return topics.find("T") != nullptr; });
  at_step = std::ref(topic_looks);
  REQUIRE(topics.ensure("T", 1, 6).has_value());
  CHECK_FALSE(topic_looks.any_saw());
  CHECK(topics.find("T") != nullptr);

  SubscriptionGroupManager groups(slow, kClock, dir.path() + "/subscriptionGroup.json");
  REQUIRE(groups.load().ok());
  LookWhileSaving group_looks([&] { return groups.contains("g"); });
  at_step = std::ref(group_looks);
  REQUIRE(groups.ensure({"g"}, true).ok());
  CHECK_FALSE(group_looks.any_saw());
  CHECK(groups.contains("g"));
}

TEST_CASE("A group that a consumer makes is there at once, and saved by the next save, also where one goes on") {
  const TemporaryDirectory dir;
  std::function<Status()> at_step = [] { return Status(); };
  test::HookedFileSystem slow(fs(), [&](test::Operation, const std::string&) { return at_step(); });
  const std::string path = dir.path() + "/subscriptionGroup.json";
  SubscriptionGroupManager groups(slow, kClock, path);
  REQUIRE(groups.load().ok());
  const auto saved = [&](const char* name) {
    SubscriptionGroupManager again(fs(), kClock, path);
    REQUIRE(again.load().ok());
    return again.contains(name);
  };
  REQUIRE(groups.find("first", true).has_value());
  CHECK_FALSE(groups.find("other", false).has_value());
  CHECK_FALSE(saved("first"));
  at_step = [&] {
    REQUIRE(groups.find("second", true).has_value());
    return Status();
  };
  REQUIRE(groups.save_made().ok());
  CHECK((saved("first") && !saved("second") && groups.contains("second")));
  at_step = [] { return Status(); };
  REQUIRE(groups.erase("second").ok());
  REQUIRE(groups.find("third", true).has_value());
  at_step = [] { return Status::error(Errc::kNoSpace, "no room, says the test"); };
  CHECK(groups.save_made().code() == Errc::kNoSpace);
  CHECK(groups.contains("third"));
  at_step = [] { return Status(); };
  REQUIRE(groups.update({{"told", default_group_json("told")}}).ok());
  CHECK((saved("third") && saved("told") && !saved("second") && !groups.contains("second")));
}

TEST_CASE("Of groups that cannot be saved there is a limit") {
  const TemporaryDirectory dir;
  SubscriptionGroupManager groups(fs(), kClock, dir.path() + "/subscriptionGroup.json");
  REQUIRE(groups.load().ok());
  int made = 0;
  while (made < 20000 && groups.find("G" + std::to_string(made), true)) ++made;
  CHECK(made == 10000);
  REQUIRE(groups.save_made().ok());
  CHECK(groups.find("G" + std::to_string(made), true).has_value());
}

TEST_CASE("Configuration files of genuine brokers are read, and written so that nothing is lost") {
  for (const char* name : {"apache-4.9.4-clean", "apache-5.5.0-mixed"}) {
    const GoldenStore golden(name);
    TopicConfigManager topics(fs(), kClock, golden.path("config/topics.json"));
    REQUIRE(topics.load({}).ok());
    CHECK(topics.find("Orders")->write_queues > 0);
    SubscriptionGroupManager groups(fs(), kClock, golden.path("config/subscriptionGroup.json"));
    REQUIRE(groups.load().ok());
    CHECK(groups.all().size() > 8);
    ConsumerOffsetManager offsets(fs(), kClock, golden.path("config/consumerOffset.json"));
    REQUIRE(offsets.load().ok());
    const ConfigJson before = offsets.json()["offsetTable"];
    CHECK_FALSE(before.empty());
    CHECK(offsets.commit("new-group", "Orders", 1, 7));
    REQUIRE(offsets.persist().ok());
    ConsumerOffsetManager again(fs(), kClock, golden.path("config/consumerOffset.json"));
    REQUIRE(again.load().ok());
    CHECK(again.query("new-group", "Orders", 1) == 7);
    ConfigJson after = again.json()["offsetTable"];
    after.erase("Orders@new-group");
    CHECK(after == before);
  }
}

TEST_CASE("A reset wins over commits until the consumer has learnt of it") {
  const TemporaryDirectory dir;
  ConsumerOffsetManager offsets(fs(), kClock, dir.path() + "/consumerOffset.json");
  CHECK_FALSE(offsets.query("g", "T", 0).has_value());
  CHECK(offsets.commit("g", "T", 0, 10));
  offsets.reset("g", "T", 0, 3);
  CHECK_FALSE(offsets.commit("g", "T", 0, 11));
  CHECK(offsets.query("g", "T", 0) == 3);
  CHECK(offsets.take_reset("g", "T", 0) == 3);
  CHECK_FALSE(offsets.take_reset("g", "T", 0).has_value());
  CHECK(offsets.commit("g", "T", 0, 4));
  CHECK(offsets.groups_of("T") == std::set<std::string>{"g"});
  offsets.remove_topic("T");
  CHECK_FALSE(offsets.query("g", "T", 0).has_value());
}

TEST_CASE("Offsets ahead of their queue go back to its end, and are written only once what they stand on is on disk") {
  const TemporaryDirectory dir;
  const std::string path = dir.path() + "/config/consumerOffset.json";
  const Status refused = Status::error(Errc::kIoError, "the log cannot be flushed");
  {
    ConsumerOffsetManager offsets(fs(), kClock, path);
    REQUIRE(offsets.load().ok());
    CHECK(offsets.commit("g", "T", 0, 8));
    CHECK(offsets.commit("g", "T", 1, 3));
    CHECK(offsets.persist([&] { return refused; }).code() == Errc::kIoError);
    CHECK_FALSE(fs().stat(path).has_value());
    offsets.limit([](const std::string& topic, int32_t) { return topic == "T" ? 5 : 0; });
    CHECK(offsets.persist().ok());
  }
  ConsumerOffsetManager offsets(fs(), kClock, path);
  REQUIRE(offsets.load().ok());
  CHECK(offsets.query("g", "T", 0) == 5);
  CHECK(offsets.query("g", "T", 1) == 3);
}

// What the processor takes for it: neither the disk nor what else the machine does counts.
std::clock_t time_to_persist(int32_t queues) {
  const TemporaryDirectory dir;
  ConsumerOffsetManager offsets(fs(), kClock, dir.path() + "/config/consumerOffset.json");
  for (int32_t queue = 0; queue < queues; ++queue) offsets.commit("g", "T", queue, queue);
  const std::clock_t begin = std::clock();
  REQUIRE(offsets.persist().ok());
  const std::clock_t end = std::clock();
  CHECK(offsets.json()["offsetTable"]["T@g"].size() == static_cast<size_t>(queues));
  return end - begin;
}

TEST_CASE("A table of many offsets is written without a walk over all of it for each") {
  const std::clock_t one = time_to_persist(10000);
  CHECK(time_to_persist(100000) < 40 * one);  // with walks it is a hundred times that
}

const std::vector<std::string> kTables = {"topics.json", "subscriptionGroup.json", "consumerOffset.json",
                                          "kvConfig.json"};

void write_file(const std::string& path, std::string_view text) {
  REQUIRE(replace_file(fs(), path, text, Backup::kNone).ok());
}
std::string text_of(const std::string& path) { return *read_whole_file(fs(), path, 1 << 20); }

// Loads each table from a directory, and saves it with each name.
void change_all(const std::string& dir, std::initializer_list<const char*> names) {
  TopicConfigManager topics(fs(), kClock, dir + kTables[0]);
  SubscriptionGroupManager groups(fs(), kClock, dir + kTables[1]);
  ConsumerOffsetManager offsets(fs(), kClock, dir + kTables[2]);
  KvConfigManager kv(fs(), dir + kTables[3]);
  REQUIRE((topics.load({}).ok() && groups.load().ok() && offsets.load().ok() && kv.load().ok()));
  for (const char* name : names) {
    CHECK(topics.update({{name, Topic()}}).ok());
    CHECK(groups.update({{name, default_group_json(name)}}).ok());
    offsets.commit(name, "T", 0, 1);
    CHECK(offsets.persist().ok());
    CHECK(kv.put("space", name, "value").ok());
  }
}

TEST_CASE("A torn file does not take the place of the backup that was read in its stead") {
  const TemporaryDirectory dir;
  const std::string at = dir.path() + "/";
  const std::string good = R"({"dataVersion":{"counter":1}})", torn = R"({"dataVersion":{"cou)";
  for (const std::string& name : kTables) {
    write_file(at + name, torn);
    write_file(at + name + ".bak", good);
  }
  SECTION("the first save leaves the backup alone") {
    change_all(at, {"one"});
    for (const std::string& name : kTables) CHECK(text_of(at + name + ".bak") == good);
  }
  SECTION("the next one makes another") {
    change_all(at, {"one", "two"});
    for (const std::string& name : kTables) {
      const std::string backup = text_of(at + name + ".bak");
      CHECK((backup.find("one") != std::string::npos && backup.find("two") == std::string::npos));
    }
  }
}

TEST_CASE("What could not be loaded again is not saved, and what was there stays") {
  const TemporaryDirectory dir;
  const std::string path = dir.path() + "/config/table.json";
  ConfigTableFile file(fs(), path, "table", 200);
  REQUIRE(file.save({}).ok());
  const std::string before = text_of(path);
  SECTION("larger than a file may be") {
    CHECK(file.save({ConfigJson{{"name", std::string(200, 'x')}}, {}}).code() == Errc::kInvalidArgument);
  }
  SECTION("nested deeper") {
    ConfigJson deep = 1;
    for (int level = 0; level < kMaxJsonNesting; ++level) deep = ConfigJson::array({deep});
    ConfigTable table;
    table.table["name"] = deep;
    ConfigTableFile large(fs(), path, "table");
    CHECK(large.save(table).code() == Errc::kInvalidArgument);
    table.table["name"] = deep[0][0];
    CHECK(large.save(table).ok());
    CHECK(large.load().has_value());
    CHECK(large.save({}).ok());
  }
  CHECK(text_of(path) == before);
  CHECK(file.load().has_value());
}

TEST_CASE("What one client may put into a table has bounds") {
  const TemporaryDirectory dir;
  const std::string at = dir.path() + "/";
  KvConfigManager kv(fs(), at + kTables[3]);
  CHECK(kv.put("space", "key", std::string(1 << 20, 'v')).ok());
  CHECK(kv.put("space", "key", std::string((1 << 20) + 1, 'v')).code() == Errc::kInvalidArgument);
  CHECK(kv.put("space", std::string(1025, 'k'), "v").code() == Errc::kInvalidArgument);
  CHECK(kv.put(std::string(1025, 's'), "key", "v").code() == Errc::kInvalidArgument);
  CHECK(kv.get("space", "key")->size() == 1 << 20);
  SubscriptionGroupManager groups(fs(), kClock, at + kTables[1]);
  ConfigJson group = default_group_json("g");
  group["note"] = std::string(64 << 10, 'n');
  CHECK(groups.update({{"g", group}}).code() == Errc::kInvalidArgument);
  Topic topic;
  topic.attributes["note"] = std::string(64 << 10, 'n');
  TopicConfigManager topics(fs(), kClock, at + kTables[0]);
  CHECK(topics.update({{"T", topic}}).code() == Errc::kInvalidArgument);
  CHECK(topics.find("T") == nullptr);
}

TEST_CASE("A queue is one client's until it lets go or falls silent") {
  ManualClock clock{EpochMs(1000)};
  RebalanceLockManager locks(clock, std::chrono::milliseconds(60000));
  CHECK(locks.try_lock("g", "T", 0, "one"));
  CHECK(locks.try_lock("g", "T", 0, "one"));
  CHECK_FALSE(locks.try_lock("g", "T", 0, "two"));
  CHECK(locks.try_lock("g", "T", 1, "two"));
  locks.unlock("g", "T", 0, "two");  // not its own
  CHECK_FALSE(locks.try_lock("g", "T", 0, "two"));
  CHECK(locks.any_alive("g"));
  locks.unlock("g", "T", 0, "one");
  CHECK(locks.try_lock("g", "T", 0, "two"));
  clock.advance_ms(60000);
  CHECK_FALSE(locks.try_lock("g", "T", 0, "one"));
  clock.advance_ms(1);
  CHECK_FALSE(locks.any_alive("g"));
  CHECK(locks.try_lock("g", "T", 0, "one"));
}

TEST_CASE("Locks have a number, and those that expired make room") {
  ManualClock clock{EpochMs(1000)};
  RebalanceLockManager locks(clock, std::chrono::milliseconds(60000));
  constexpr auto kMost = static_cast<int32_t>(RebalanceLockManager::kMost);
  for (int32_t queue = 0; queue < kMost; ++queue) locks.try_lock("g", "invented", queue, "one");
  CHECK_FALSE(locks.try_lock("g", "T", 0, "two"));
  CHECK(locks.try_lock("g", "invented", 7, "one"));  // renewed all the same
  locks.remove_expired();
  CHECK_FALSE(locks.try_lock("g", "T", 0, "two"));
  clock.advance_ms(60001);
  locks.remove_expired();
  CHECK(locks.try_lock("g", "T", 0, "two"));
  CHECK_FALSE(locks.any_alive("f"));
  CHECK(locks.any_alive("g"));
}

TEST_CASE("broker.conf: known keys are taken, unknown ones named, wrong values refused") {
  BrokerConfig config;
  const auto ignored = read_broker_config(config,
                                          "# comment\nbrokerName = b1\nflushDiskType=SYNC_FLUSH\n\nhaListenPort=1\n"
                                          "fileReservedTime: 48\nautoCreateTopicEnable=false\n");
  REQUIRE(ignored.has_value());
  CHECK(*ignored == std::vector<std::string>{"haListenPort"});
  CHECK(config.broker_name == "b1");
  CHECK(config.sync_flush);
  CHECK(config.reserved_hours == 48);
  CHECK_FALSE(config.auto_create_topic);
  CHECK_FALSE(read_broker_config(config, "fileReservedTime=soon\n").has_value());
  CHECK_FALSE(read_broker_config(config, "autoCreateTopicEnable=maybe\n").has_value());
}

}  // namespace
}  // namespace mqctl
