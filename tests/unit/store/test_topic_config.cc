#include <algorithm>
#include <catch2/catch.hpp>
#include <string>

#include "libstore/os/replace_file.h"
#include "libstore/store/lenient_json.h"
#include "libstore/store/topic_config.h"
#include "tests/unit/support/golden_store.h"

using namespace mqctl;

namespace {

constexpr EpochMs kNow{1700000000000};

class Store {
 public:
  const std::string& root() const { return directory_.path(); }
  std::string path() const { return topics_file(root()); }
  void write(const std::string& path, std::string_view text) const {
    REQUIRE(posix_file_system().create_directories(parent_path(path)).ok());
    REQUIRE(replace_file(posix_file_system(), path, text, Backup::kNone).ok());
  }
  std::string read(const std::string& path) const {
    Result<std::string> text = read_whole_file(posix_file_system(), path, 1u << 20);
    return text ? *text : "(none)";
  }
  ConfigJson json() const { return ConfigJson::parse(read(path())); }
  Result<std::vector<TopicChange>> ensure(const std::vector<TopicNeed>& needs) const {
    return ensure_topics(posix_file_system(), root(), needs, kNow);
  }

 private:
  test::TemporaryDirectory directory_;
};

constexpr std::string_view kFile = R"({
	"dataVersion":{"counter":3,"stateVersion":5,"timestamp":1600000000000},
	"mine":[1,{2:3}],
	"topicConfigTable":{
		"B":{"perm":4,"readQueueNums":8,"topicName":"B","writeQueueNums":2,"attributes":{"message.type":"FIFO"}},
		"A":{"topicName":"A"}
	}
})";

}  // namespace

TEST_CASE("a store without a file gets one as a broker would write it") {
  Store store;
  Result<std::vector<TopicChange>> changes = store.ensure({{"T", 4}});
  REQUIRE(changes.has_value());
  REQUIRE(changes->size() == 1);
  CHECK(changes->front().queues_before == 0);
  CHECK(store.json() == ConfigJson::parse(R"({
    "dataVersion":{"counter":1,"stateVersion":0,"timestamp":1700000000000},
    "topicConfigTable":{"T":{"attributes":{},"order":false,"perm":6,"readQueueNums":4,"topicFilterType":"SINGLE_TAG",
      "topicName":"T","topicSysFlag":0,"writeQueueNums":4}}})"));
}

TEST_CASE("other members and entries stay as they stand, in their order") {
  Store store;
  store.write(store.path(), kFile);
  REQUIRE(store.ensure({{"T", 1}}).has_value());
  const ConfigJson json = store.json();
  CHECK(json["dataVersion"] == ConfigJson::parse(R"({"counter":4,"stateVersion":5,"timestamp":1700000000000})"));
  CHECK(json["mine"] == ConfigJson::parse(R"([1,{"2":3}])"));
  CHECK(json["topicConfigTable"]["B"] ==
        ConfigJson::parse(R"({"perm":4,"readQueueNums":8,"topicName":"B","writeQueueNums":2,)"
                          R"("attributes":{"message.type":"FIFO"}})"));
  std::vector<std::string> names;
  for (const auto& [name, entry] : json["topicConfigTable"].items()) names.push_back(name);
  CHECK(names == std::vector<std::string>{"B", "A", "T"});
  CHECK(store.read(store.path() + ".bak") == kFile);
}

TEST_CASE("queue counts are raised where they are too small, each by itself") {
  Store store;
  store.write(store.path(), kFile);
  Result<std::vector<TopicChange>> changes = store.ensure({{"B", 5}});
  REQUIRE(changes.has_value());
  REQUIRE(changes->size() == 1);
  CHECK(changes->front().queues_before == 2);
  CHECK(store.json()["topicConfigTable"]["B"]["readQueueNums"] == 8);
  CHECK(store.json()["topicConfigTable"]["B"]["writeQueueNums"] == 5);
}

TEST_CASE("a missing count is Apache's default of sixteen") {
  Store store;
  store.write(store.path(), kFile);
  CHECK(store.ensure({{"A", 16}})->empty());
  CHECK(store.ensure({{"A", 17}})->size() == 1);
}

TEST_CASE("nothing is written where nothing is missing") {
  Store store;
  store.write(store.path(), kFile);
  CHECK(store.ensure({{"B", 2}, {"A", 1}})->empty());
  CHECK(store.read(store.path()) == kFile);
  CHECK(store.read(store.path() + ".bak") == "(none)");
}

TEST_CASE("topics that a broker makes by itself get no entry, unless they need more queues") {
  Store store;
  CHECK(store
            .ensure({{"SCHEDULE_TOPIC_XXXX", 18},
                     {"BenchmarkTest", 1024},
                     {"TBW102", 8},
                     {"SELF_TEST_TOPIC", 1},
                     {"OFFSET_MOVED_EVENT", 1},
                     {"RMQ_SYS_TRANS_HALF_TOPIC", 1},
                     {"rmq_sys_wheel_timer", 1},
                     {"RMQ_SYS_TRANS_OP_HALF_TOPIC", 1}})
            ->empty());
  CHECK_FALSE(posix_file_system().stat(store.path()).has_value());
  CHECK(store.ensure({{"SCHEDULE_TOPIC_XXXX", 19}})->size() == 1);
  CHECK(store.ensure({{"TRANS_CHECK_MAX_TIME_TOPIC", 1}, {"%RETRY%G", 1}})->size() == 2);
}

TEST_CASE("a broken file is read from its backup, which is not overwritten by it") {
  Store store;
  store.write(store.path(), "{\"topicConfigTable\":");
  store.write(store.path() + ".bak", kFile);
  REQUIRE(store.ensure({{"T", 1}})->size() == 1);
  CHECK(store.json()["topicConfigTable"].contains("B"));
  CHECK(store.read(store.path() + ".bak") == kFile);
}

TEST_CASE("a missing or empty file is read from its backup") {
  for (const bool empty : {false, true}) {
    Store store;
    if (empty) store.write(store.path(), "");
    store.write(store.path() + ".bak", kFile);
    CHECK(load_topics(posix_file_system(), store.root())->size() == 2);
  }
}

TEST_CASE("a broken file without a backup is left alone") {
  for (const char* text :
       {"{", "[]", R"({"topicConfigTable":null})", R"({"dataVersion":null,"topicConfigTable":{}})"}) {
    Store store;
    store.write(store.path(), text);
    Result<std::vector<TopicChange>> changes = store.ensure({{"T", 1}});
    REQUIRE_FALSE(changes.has_value());
    CHECK(changes.error().code() == Errc::kCorruption);
    CHECK(changes.error().path() == store.path());
    CHECK(store.read(store.path()) == text);
  }
}

TEST_CASE("a name that is not UTF-8 is entered as Java reads it, once") {
  Store store;
  CHECK(store.ensure({{"a\xff", 1}})->size() == 1);
  CHECK(store.ensure({{"a\xff", 1}})->empty());
  CHECK(store.json()["topicConfigTable"].contains("a\xEF\xBF\xBD"));
}

TEST_CASE("a plan tells what would change and changes nothing") {
  Store store;
  Result<std::vector<TopicChange>> plan = plan_topics(posix_file_system(), store.root(), {{"T", 4}});
  REQUIRE(plan.has_value());
  CHECK(plan->size() == 1);
  CHECK_FALSE(posix_file_system().stat(parent_path(store.path())).has_value());
}

TEST_CASE("every cut and every flipped byte is read or refused", "[exhaustive]") {
  Store store;
  const std::string file(kFile);
  const auto load = [&](const std::string& text) {
    store.write(store.path(), text);
    Result<std::vector<TopicConfig>> topics = load_topics(posix_file_system(), store.root());
    if (!topics) CHECK((topics.error().code() == Errc::kCorruption || topics.error().code() == Errc::kNotFound));
  };
  for (size_t length = 0; length < file.size(); length += 3) load(file.substr(0, length));
  for (size_t at = 0; at < file.size(); ++at) {
    std::string changed = file;
    changed[at] = static_cast<char>(changed[at] ^ (1 << (at % 8)));
    load(changed);
  }
}

TEST_CASE("a topic is added to what a broker wrote, and nothing else changes") {
  for (const char* name : test::kGoldenSets) {
    const test::GoldenStore golden(name);
    const std::string path = topics_file(golden.root());
    const std::string before = *read_whole_file(posix_file_system(), path, 1u << 20);
    REQUIRE(ensure_topics(posix_file_system(), golden.root(), {{"New", 3}}, kNow)->size() == 1);
    ConfigJson expected = *parse_lenient_json(before);
    ConfigJson after = ConfigJson::parse(*read_whole_file(posix_file_system(), path, 1u << 20));
    CHECK(after["dataVersion"]["counter"] == expected["dataVersion"]["counter"].get<int>() + 1);
    CHECK(after["topicConfigTable"]["New"]["writeQueueNums"] == 3);
    after["topicConfigTable"].erase("New");
    CHECK(after["topicConfigTable"] == expected["topicConfigTable"]);
    CHECK(*read_whole_file(posix_file_system(), path + ".bak", 1u << 20) == before);
  }
}

TEST_CASE("the queues of brokers' topics are enough for their messages") {
  for (const char* name : test::kGoldenSets) {
    const test::GoldenStore golden(name);
    std::vector<TopicNeed> needs;
    for (const test::GoldenRecord& record : golden.records()) {
      if (!record.blank && record.topic.find("SYS") == std::string::npos)
        needs.push_back({record.topic, record.queue + 1});
    }
    Result<std::vector<TopicChange>> plan = plan_topics(posix_file_system(), golden.root(), needs);
    REQUIRE(plan.has_value());
    CHECK(plan->empty());
  }
}
