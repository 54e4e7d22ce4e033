// The records of each genuine log, dispatched into fresh queues and a fresh index, give the genuine files byte for
// byte; the genuine files opened for writing give what the genuine store reports.
#include <catch2/catch.hpp>
#include <fstream>
#include <nlohmann/json.hpp>

#include "tests/unit/index/index_support.h"

using namespace mqctl;
using namespace mqctl::test;

namespace {

struct Facts {
  const char* name;
  IndexGeometry geometry;
  TagEntries tags;
  bool killed;
};

const Facts kSets[] = {
    {"tiny-5.5.0", {100, 400}, TagEntries::kWrite, false},
    {"apache-4.9.4-clean", {1000, 4000}, TagEntries::kNone, false},
    {"apache-5.3.3-kill9", {100, 400}, TagEntries::kNone, true},
    {"apache-5.5.0-mixed", {100, 400}, TagEntries::kWrite, false},
    {"apache-5.5.0-ipv6-v2", {100, 400}, TagEntries::kWrite, false},
};

nlohmann::json report_of(const Facts& facts) {
  std::ifstream file(golden_path(std::string(facts.name) + ".queues.json"));
  return nlohmann::json::parse(file);
}

uint64_t genuine_segment_bytes(const GoldenStore& golden) {
  for (const auto& [path, content] : tree_of(golden.path("consumequeue"))) return content.size();
  return 0;
}

// What a kill left: the genuine file is ours up to where dispatch had come.
bool is_beginning_of(const std::vector<std::byte>& genuine, const std::vector<std::byte>& ours) {
  constexpr size_t kUnit = ConsumeQueueUnit::kEncodedBytes;
  size_t end = 0;
  while (end < genuine.size() && ConsumeQueueUnit::load(genuine.data() + end).valid()) end += kUnit;
  const bool rest_empty = std::all_of(genuine.begin() + static_cast<ptrdiff_t>(end), genuine.end(),
                                      [](std::byte b) { return b == std::byte{0}; });
  return rest_empty && std::equal(genuine.begin(), genuine.begin() + static_cast<ptrdiff_t>(end), ours.begin());
}

std::vector<std::vector<std::byte>> contents_in_order(const std::string& directory) {
  std::vector<std::vector<std::byte>> contents;
  for (auto& [path, content] : tree_of(directory)) contents.push_back(content);
  return contents;
}

class Rebuilt {
 public:
  explicit Rebuilt(const Facts& facts)
      : golden_(facts.name),
        queues_(posix_file_system(), {.directory = directory_.path() + "/consumequeue",
                                      .segment_bytes = genuine_segment_bytes(golden_),
                                      .multi_dispatch = MultiDispatch::kOff}),
        index_(posix_file_system(), system_clock(),
               {.directory = directory_.path() + "/index",
                .checkpoint = {},
                .geometry = facts.geometry,
                .tags = facts.tags}) {
    REQUIRE(queues_.load().ok());
    REQUIRE(index_.load(LastExit::kClean, EpochMs(0)).ok());
    dispatch_all();
  }

  void dispatch_all() {
    replay(golden_, [&](const DispatchRequest& request) {
      Status status = queues_.put(request);
      REQUIRE(text_of(status) == "ok");
      status = index_.put(request);
      REQUIRE(text_of(status) == "ok");
    });
  }

  const GoldenStore& golden() const { return golden_; }
  std::string path(std::string_view below) const { return directory_.path() + "/" + std::string(below); }
  ConsumeQueueStore& queues() { return queues_; }
  IndexService& index() { return index_; }

 private:
  GoldenStore golden_;
  TemporaryDirectory directory_;
  ConsumeQueueStore queues_;
  IndexService index_;
};

std::vector<int64_t> query(const IndexService& index, const nlohmann::json& wanted) {
  std::vector<int64_t> positions;
  const std::string topic = wanted.at("topic"), key = wanted.at("key");
  for (const PhysicalOffset offset : index.query(topic, key, 64, EpochMs(0), EpochMs(INT64_MAX))) {
    positions.push_back(offset.value());
  }
  return positions;
}

void check_queries(const IndexService& index, const nlohmann::json& report) {
  for (const nlohmann::json& wanted : report.at("queries")) {
    INFO(wanted.dump());
    auto expected = wanted.at("pos").get<std::vector<int64_t>>();
    auto found = query(index, wanted);
    std::sort(expected.begin(), expected.end());
    std::sort(found.begin(), found.end());
    CHECK(found == expected);
  }
}

void check_bounds(const ConsumeQueueStore& queues, const nlohmann::json& report) {
  for (const nlohmann::json& wanted : report.at("queues")) {
    INFO(wanted.dump());
    const ConsumeQueue* queue = queues.find(wanted.at("topic").get<std::string>(), QueueId(wanted.at("queue")));
    if (wanted.at("max") == 0 && queue == nullptr) continue;  // 4.9.4 reports all delay queues
    REQUIRE(queue != nullptr);
    CHECK(queue->min_offset().value() == wanted.at("min"));
    CHECK(queue->max_offset().value() == wanted.at("max"));
  }
}

}  // namespace

TEST_CASE("golden: consume queues rebuilt from the log are the genuine files byte for byte") {
  for (const Facts& facts : kSets) {
    INFO(facts.name);
    Rebuilt rebuilt(facts);
    const auto genuine = tree_of(rebuilt.golden().path("consumequeue"));
    const auto ours = tree_of(rebuilt.path("consumequeue"));
    REQUIRE_FALSE(genuine.empty());
    for (const auto& [path, content] : genuine) {
      INFO(path);
      REQUIRE(ours.contains(path));
      CHECK((content == ours.at(path) || (facts.killed && is_beginning_of(content, ours.at(path)))));
    }
    if (!facts.killed) CHECK(ours.size() == genuine.size());
  }
}

TEST_CASE("golden: index files rebuilt from the log are the genuine files byte for byte") {
  for (const Facts& facts : kSets) {
    INFO(facts.name);
    Rebuilt rebuilt(facts);
    const auto genuine = contents_in_order(rebuilt.golden().path("index"));
    const auto ours = contents_in_order(rebuilt.path("index"));
    REQUIRE(ours.size() >= genuine.size());
    if (!facts.killed) CHECK(ours.size() == genuine.size());
    for (size_t file = 0; file < genuine.size(); ++file) {
      INFO(file);
      CHECK(genuine[file] == ours[file]);
    }
  }
}

TEST_CASE("golden: dispatching the whole log a second time changes no byte") {
  for (const Facts& facts : kSets) {
    INFO(facts.name);
    Rebuilt rebuilt(facts);
    const auto queues = tree_of(rebuilt.path("consumequeue"));
    const auto index = tree_of(rebuilt.path("index"));
    rebuilt.dispatch_all();
    CHECK(queues == tree_of(rebuilt.path("consumequeue")));
    CHECK(index == tree_of(rebuilt.path("index")));
  }
}

TEST_CASE("golden: rebuilt queues and index answer as the genuine store does") {
  for (const Facts& facts : kSets) {
    INFO(facts.name);
    Rebuilt rebuilt(facts);
    check_bounds(rebuilt.queues(), report_of(facts));
    check_queries(rebuilt.index(), report_of(facts));
    CHECK(rebuilt.queues().max_physical_offset().value() == rebuilt.golden().end());
  }
}

TEST_CASE("golden: genuine queues and index are opened, recovered and left as they are") {
  for (const Facts& facts : kSets) {
    if (facts.killed) continue;
    INFO(facts.name);
    GoldenStore golden(facts.name);
    const auto before = tree_of(golden.root());
    ConsumeQueueStore queues(posix_file_system(), {.directory = golden.path("consumequeue")});
    REQUIRE(text_of(queues.load()) == "ok");
    REQUIRE(queues.recover().ok());
    REQUIRE(queues.truncate(PhysicalOffset(golden.end())).ok());
    queues.correct_min_offsets(PhysicalOffset(0));
    CHECK(queues.segment_bytes() == genuine_segment_bytes(golden));
    check_bounds(queues, report_of(facts));

    IndexService index(posix_file_system(), system_clock(),
                       {.directory = golden.path("index"), .checkpoint = {}, .geometry = {}, .tags = facts.tags});
    REQUIRE(text_of(index.load(LastExit::kClean, EpochMs(0))) == "ok");
    REQUIRE(index.truncate(PhysicalOffset(golden.end())).ok());
    CHECK_FALSE(index.missing_from().has_value());
    check_queries(index, report_of(facts));

    replay(golden, [&](const DispatchRequest& request) {
      REQUIRE(queues.put(request).ok());
      REQUIRE(index.put(request).ok());
    });
    REQUIRE(queues.flush().ok());
    REQUIRE(index.flush().ok());
    CHECK(before == tree_of(golden.root()));
  }
}

TEST_CASE("golden: a killed broker's queues and index are completed from its log") {
  const Facts& facts = kSets[2];
  GoldenStore golden(facts.name);
  ConsumeQueueStore queues(posix_file_system(), {.directory = golden.path("consumequeue")});
  REQUIRE(queues.load().ok());
  REQUIRE(queues.recover().ok());
  REQUIRE(queues.truncate(PhysicalOffset(golden.end())).ok());
  IndexService index(
      posix_file_system(), system_clock(),
      {.directory = golden.path("index"), .checkpoint = {}, .geometry = facts.geometry, .tags = facts.tags});
  REQUIRE(index.load(LastExit::kCrash, EpochMs(0)).ok());
  CHECK(index.missing_from() == PhysicalOffset(0));
  replay(golden, [&](const DispatchRequest& request) {
    REQUIRE(text_of(queues.put(request)) == "ok");
    REQUIRE(index.put(request).ok());
  });

  Rebuilt rebuilt(facts);
  CHECK(tree_of(golden.path("consumequeue")) == tree_of(rebuilt.path("consumequeue")));
  CHECK(contents_in_order(golden.path("index")) == contents_in_order(rebuilt.path("index")));
  check_bounds(queues, report_of(facts));
  check_queries(index, report_of(facts));
}
