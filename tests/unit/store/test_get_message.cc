// Gets over a whole store: by queue offset, by time, by place in the log, by key.
#include "libstore/message/system_flag.h"
#include "tests/unit/store/store_support.h"

using namespace mqctl;
using namespace mqctl::test;

namespace {

constexpr QueueId kQueue(0);

// Message i was stored at kFirstTime + 10 * i.
std::vector<PutMessageResult> put_each_10_ms(TestStore& store, int count) {
  std::vector<PutMessageResult> results;
  for (const std::string& body : numbered(0, count)) {
    results.push_back(store.put(body));
    store.clock().advance_ms(10);
  }
  store.settle();
  return results;
}

std::vector<std::string> bodies_of(const GetMessageResult& result) {
  std::vector<std::string> all;
  for (const HeldBytes& held : result.messages) all.emplace_back(as_text(TestStore::view_of(held.bytes()).body));
  return all;
}

GetMessageResult get(TestStore& store, int64_t from, int max_messages = 1000, size_t max_bytes = 1u << 20) {
  return store->get_message("T", kQueue, QueueOffset(from), max_messages, max_bytes);
}

StoreOptions indexed() {
  StoreOptions options = small_options();
  options.index = true;
  return options;
}

std::vector<PhysicalOffset> by_key(TestStore& store, std::string_view key, int max = 100, int64_t begin = 0,
                                   int64_t end = INT64_MAX) {
  Result<std::vector<PhysicalOffset>> found = store->query_message("T", key, max, EpochMs(begin), EpochMs(end));
  REQUIRE(found.has_value());
  return *found;
}

void delete_segments(TestStore& store, int count) {
  Result<int> deleted = store->delete_expired_segments(EpochMs(INT64_MAX), count);
  REQUIRE(deleted.has_value());
  REQUIRE(*deleted == count);
}

}  // namespace

TEST_CASE("behaviour 53: the offset of a time is that of the first message stored at it or later", "[get]") {
  TestStore store;
  const std::vector<PutMessageResult> puts = put_each_10_ms(store, 100);
  for (const PutMessageResult& put : puts) {
    CHECK(store->offset_by_time("T", kQueue, put.stored_at) == put.queue_offset);
    CHECK(store->offset_by_time("T", kQueue, put.stored_at - 1) == put.queue_offset);
    CHECK(store->offset_by_time("T", kQueue, put.stored_at - 9) == put.queue_offset);
  }
  CHECK(store->offset_by_time("T", kQueue, kFirstTime - 86400000) == QueueOffset(0));
  CHECK(store->offset_by_time("T", kQueue, puts.back().stored_at + 1) == QueueOffset(100));
  CHECK(store->offset_by_time("T", QueueId(1), kFirstTime) == QueueOffset(0));
  CHECK(store->offset_by_time("U", kQueue, kFirstTime) == QueueOffset(0));
}

TEST_CASE("behaviour 54: the store time of a queue offset is the message's; none where there is no message", "[get]") {
  TestStore store;
  const std::vector<PutMessageResult> puts = put_each_10_ms(store, 100);
  for (const PutMessageResult& put : puts) CHECK(store->store_time("T", kQueue, put.queue_offset) == put.stored_at);
  CHECK_FALSE(store->store_time("T", kQueue, QueueOffset(100)).has_value());
  CHECK_FALSE(store->store_time("T", kQueue, QueueOffset(-1)).has_value());
  CHECK_FALSE(store->store_time("T", QueueId(1), QueueOffset(0)).has_value());
  CHECK_FALSE(store->store_time("U", kQueue, QueueOffset(0)).has_value());
}

TEST_CASE("behaviour 54: a message before the log's beginning has no store time", "[get]") {
  TestStore store;
  const std::vector<PutMessageResult> puts = put_each_10_ms(store, 100);
  delete_segments(store, 1);
  CHECK(store->min_offset() == PhysicalOffset(static_cast<int64_t>(kSmallSegment)));
  for (const PutMessageResult& put : puts) {
    const bool gone = put.offset < store->min_offset();
    CHECK(store->store_time("T", kQueue, put.queue_offset).has_value() == !gone);
  }
}

TEST_CASE("behaviour 55: the earliest store time is the first message's; a unit says where its message lies", "[get]") {
  TestStore store;
  const std::vector<PutMessageResult> puts = put_each_10_ms(store, 100);
  CHECK(store->min_queue_offset("T", kQueue) == QueueOffset(0));
  CHECK(store->store_time("T", kQueue, store->min_queue_offset("T", kQueue)) == kFirstTime);
  const ConsumeQueue* queue = store->consume_queues().find("T", kQueue);
  REQUIRE(queue != nullptr);
  CHECK(queue->unit(QueueOffset(50))->physical_offset == puts[50].offset);
  CHECK(store.view_at(puts[50].offset).queue_offset == QueueOffset(50));
}

TEST_CASE("behaviour 67: a get of n gives at most n", "[get]") {
  TestStore store;
  put_numbered(store, 0, 32);
  store.settle();
  for (const int wanted : {32, 20, 10, 1, 0, 40}) {
    const GetMessageResult result = get(store, 0, wanted);
    const int given = std::min(wanted, 32);
    CHECK(bodies_of(result) == numbered(0, given));
    CHECK(result.next_offset == QueueOffset(given));
    CHECK(result.max_offset == QueueOffset(32));
  }
}

TEST_CASE("behaviour 68: a topic or queue that does not exist gives a result, not a failure", "[get]") {
  TestStore store;
  put_numbered(store, 0, 3);
  store.settle();
  for (const auto& [topic, queue] : {std::pair("U", 0), std::pair("T", 1), std::pair("", 0)}) {
    const GetMessageResult result = store->get_message(topic, QueueId(queue), QueueOffset(0), 32, 1000);
    CHECK(result.status == GetMessageStatus::kNoMatchedQueue);
    CHECK(result.messages.empty());
    CHECK(result.max_offset == QueueOffset(0));
  }
}

TEST_CASE("behaviour 69: a message is found by its place in the log, and none at the log's end", "[get]") {
  TestStore store;
  const std::vector<PutMessageResult> puts = put_each_10_ms(store, 100);
  for (size_t i = 0; i < puts.size(); ++i) CHECK(as_text(store.view_at(puts[i].offset).body) == numbered(0, 100)[i]);
  MessageView view;
  CHECK(store->message_at(store->max_offset(), view).error().code() == Errc::kNotFound);
  CHECK(store->message_at(store->max_offset() + 1000000, view).error().code() == Errc::kNotFound);
  CHECK(store->message_at(PhysicalOffset(-1), view).error().code() == Errc::kNotFound);
  CHECK(store->message_at(puts[3].offset + 1, view).error().code() == Errc::kCorruption);
}

TEST_CASE("A record within a message's body is none of the log's", "[get]") {
  TestStore store;
  const PutMessageResult first = store.put("first");
  const HeldBytes record = store->commit_log().data_from(first.offset);
  const PutMessageResult outer = store.put(as_text(record.bytes()));
  const MessageView message = store.view_at(outer.offset);
  const auto within = message.body.data() - store->commit_log().data_from(outer.offset).bytes().data();
  MessageView view;
  CHECK(store->message_at(outer.offset + within, view).error().code() == Errc::kCorruption);
}

TEST_CASE("Offsets outside a queue are told apart, each with the place to go on", "[get]") {
  TestStore store;
  put_numbered(store, 0, 100);
  store.settle();
  const auto check = [&](int64_t from, GetMessageStatus status, int64_t next) {
    const GetMessageResult result = get(store, from);
    INFO("from " << from);
    CHECK(result.status == status);
    CHECK(result.next_offset == QueueOffset(next));
  };
  check(99, GetMessageStatus::kFound, 100);
  check(100, GetMessageStatus::kOffsetOverflowOne, 100);
  check(101, GetMessageStatus::kOffsetOverflowBadly, 0);
  check(-1, GetMessageStatus::kOffsetTooSmall, 0);
  delete_segments(store, 1);
  const int64_t min = store->min_queue_offset("T", kQueue).value();
  CHECK(min > 0);
  check(min, GetMessageStatus::kFound, 100);
  check(min - 1, GetMessageStatus::kOffsetTooSmall, min);
  check(101, GetMessageStatus::kOffsetOverflowBadly, 100);
}

TEST_CASE("A get stops at the number of bytes, but gives one message at least", "[get]") {
  TestStore store;
  const std::vector<PutMessageResult> puts = put_numbered(store, 0, 9);
  store.settle();
  const auto size = static_cast<size_t>(puts[0].end - puts[0].offset);
  CHECK(bodies_of(get(store, 0, 1000, 3 * size)) == numbered(0, 3));
  CHECK(bodies_of(get(store, 0, 1000, 3 * size - 1)) == numbered(0, 2));
  CHECK(bodies_of(get(store, 4, 1000, 1)) == numbered(4, 5));
  CHECK(get(store, 0, 1000, 3 * size).bytes == 3 * size);
}

TEST_CASE("Messages that were got stay readable when their segment is deleted", "[get]") {
  TestStore store;
  put_numbered(store, 0, 100);
  store.settle();
  const GetMessageResult held = get(store, 0, 5);
  delete_segments(store, 1);
  CHECK_FALSE(std::filesystem::exists(store.path("commitlog/" + offset_file_name(0))));
  CHECK(bodies_of(held) == numbered(0, 5));
}

TEST_CASE("Queues of one log do not mix", "[get]") {
  TestStore store;
  for (int i = 0; i < 90; ++i) store.put("m" + std::to_string(i / 3), i % 3 == 0 ? "T" : "U", i % 3);
  store.settle();
  CHECK(store.bodies("T", 0) == numbered(0, 30));
  CHECK(store.bodies("U", 1) == numbered(0, 30));
  CHECK(store.bodies("U", 2) == numbered(0, 30));
  CHECK(store.bodies("T", 1).empty());
}

TEST_CASE("By key: unique key and each word of KEYS, newest first", "[get][key]") {
  TestStore store(indexed());
  std::vector<PhysicalOffset> at;
  for (int i = 0; i < 20; ++i) {
    const std::string properties =
        "UNIQ_KEY\x01u" + std::to_string(i) + "\x02KEYS\x01" + (i % 2 == 0 ? "even" : "odd") + " all\x02";
    at.push_back(store.put("m" + std::to_string(i), "T", i % 4, properties).offset);
    store.clock().advance_ms(1000);
  }
  store.settle();
  CHECK(by_key(store, "u7") == std::vector{at[7]});
  CHECK(by_key(store, "all").size() == 20);
  CHECK(by_key(store, "odd", 3) == std::vector{at[19], at[17], at[15]});
  CHECK(by_key(store, "u20").empty());
  CHECK(by_key(store, "even all").empty());
  CHECK(store->query_message("U", "all", 10, EpochMs(0), EpochMs(INT64_MAX))->empty());
}

TEST_CASE("By key: the times are bounds, both included", "[get][key]") {
  TestStore store(indexed());
  std::vector<PhysicalOffset> at;
  for (int i = 0; i < 5; ++i) {
    at.push_back(store.put("m", "T", 0, "KEYS\x01k\x02").offset);
    store.clock().advance_ms(10000);
  }
  store.settle();
  const int64_t begin = kFirstTime.value();
  CHECK(by_key(store, "k", 10, begin + 10000, begin + 30000) == std::vector{at[3], at[2], at[1]});
  CHECK(by_key(store, "k", 10, begin + 10001, begin + 29999) == std::vector{at[2]});
  CHECK(by_key(store, "k", 10, begin + 50000).empty());
}

TEST_CASE("By key: another key with the same hash is not taken for it", "[get][key]") {
  TestStore store(indexed());
  const PhysicalOffset first = store
                                   .put("m0", "T", 0,
                                        "KEYS\x01"
                                        "Aa\x02")
                                   .offset;
  const PhysicalOffset second = store
                                    .put("m1", "T", 0,
                                         "KEYS\x01"
                                         "BB\x02")
                                    .offset;
  store.settle();
  CHECK(by_key(store, "Aa") == std::vector{first});
  CHECK(by_key(store, "BB") == std::vector{second});
}

TEST_CASE("A store opened without its index says so when asked for a key", "[get][key]") {
  TestStore store;
  CHECK(store->query_message("T", "k", 1, EpochMs(0), EpochMs(1)).error().code() == Errc::kUnsupported);
}

TEST_CASE("Golden stores: every message comes by queue offset and by its place", "[get][golden]") {
  for (const char* set : kGoldenSets) {
    INFO(set);
    const GoldenStore golden(set);
    StoreOptions options;
    options.root = golden.root();
    TestStore store(options);
    size_t wrong = 0;
    for (const GoldenRecord& expected : golden.records()) {
      if (expected.blank) continue;
      const MessageView view = store.view_at(PhysicalOffset(expected.offset));
      if (view.topic != expected.topic || view.body.size() != static_cast<size_t>(expected.body_size)) ++wrong;
      if (!enters_consume_queue(view.sys_flag)) continue;
      const GetMessageResult got =
          store->get_message(expected.topic, QueueId(expected.queue), QueueOffset(expected.queue_offset), 1, 1);
      const bool same = got.status == GetMessageStatus::kFound && got.messages.size() == 1 &&
                        TestStore::view_of(got.messages[0].bytes()).physical_offset.value() == expected.offset;
      if (!same) ++wrong;
    }
    CHECK(wrong == 0);
    CHECK(store->max_offset() == PhysicalOffset(golden.end()));
  }
}
