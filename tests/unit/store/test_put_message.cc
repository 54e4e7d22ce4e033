// Puts over a whole store: what is written, what is refused, and what a refusal leaves untouched.
#include <set>

#include "libstore/message/message_id.h"
#include "libstore/message/property_crc.h"
#include "libstore/message/system_flag.h"
#include "tests/unit/store/store_support.h"
#include "tests/unit/support/hooked_file_system.h"

using namespace mqctl;
using namespace mqctl::test;

namespace {

// Everything of a record with topic "T" and no properties but the body.
constexpr size_t kPlainBytes = RecordLayout::kFixedBytes + 2 * RecordLayout::kHostV4Bytes + 2;

HostAddress v6_host(int32_t port) { return *parse_host("[2001:db8::7]:" + std::to_string(port)); }

MessageDraft v6_draft(std::string_view body) {
  MessageDraft draft = draft_of(body);
  draft.born_host = v6_host(54321);
  draft.store_host = v6_host(10911);
  return draft;
}

// The records of a batch's result, in order.
std::vector<MessageView> records_of(TestStore& store, const PutMessageResult& result) {
  std::vector<MessageView> views;
  for (PhysicalOffset at = result.offset; at < result.end; at += static_cast<int64_t>(views.back().record.size())) {
    views.push_back(store.view_at(at));
  }
  return views;
}

std::vector<MessageDraft> batch_of(const std::vector<std::string>& bodies, const MessageDraft& like) {
  std::vector<MessageDraft> drafts(bodies.size(), like);
  for (size_t i = 0; i < bodies.size(); ++i) drafts[i].body = as_bytes(bodies[i]);
  return drafts;
}

void check_blank(const TestStore& store, PhysicalOffset at) {
  const std::vector<std::byte> segment = read_file(store.segment_path(at));
  const size_t position = static_cast<size_t>(at.value()) % kSmallSegment;
  CHECK(load_be<uint32_t>(segment, position) == kSmallSegment - position);
  CHECK(load_be<uint32_t>(segment, position + 4) == kMagicBlank);
  for (size_t i = position + kBlankBytes; i < segment.size(); ++i) REQUIRE(segment[i] == std::byte{0});
}

PutMessageStatus status_with(TestStore& store, const MessageDraft& draft) { return store->put_message(draft).status; }

}  // namespace

TEST_CASE("behaviour 1: a record that does not fit ends the segment with a blank and goes to the next", "[put]") {
  TestStore store;
  const std::string body(1000, 'b');
  PutMessageResult last = store.put(body);
  PhysicalOffset blank = last.end;
  while (last.offset.value() < static_cast<int64_t>(kSmallSegment)) {
    blank = last.end;
    last = store.put(body);
  }
  CHECK(last.offset.value() == static_cast<int64_t>(kSmallSegment));
  CHECK(blank.value() == 3 * static_cast<int64_t>(kPlainBytes + 1000));
  check_blank(store, blank);
  CHECK(as_text(store.view_at(last.offset).body) == body);
  CHECK(store->max_offset() == last.end);
}

TEST_CASE("behaviour 1: a record fits when the 8 bytes of a blank fit behind it, and not one byte less", "[put]") {
  for (const size_t spare : {size_t{0}, size_t{1}}) {
    TestStore store;
    const size_t largest = kSmallSegment - kPlainBytes - kBlankBytes;
    store.put("a");
    const std::string body(largest - (kPlainBytes + 1) + spare, 'b');
    const PutMessageResult result = store.put(body);
    CHECK(result.offset.value() == static_cast<int64_t>(spare == 0 ? kPlainBytes + 1 : kSmallSegment));
    if (spare == 0) {
      CHECK(result.end.value() == static_cast<int64_t>(kSmallSegment - kBlankBytes));
      store.put("c");
    }
    check_blank(store, spare == 0 ? result.end : PhysicalOffset(static_cast<int64_t>(kPlainBytes + 1)));
  }
}

TEST_CASE("behaviour 2: a batch that does not fit goes to the next segment as a whole", "[put]") {
  TestStore store;
  const PutMessageResult first = store.put(std::string(3500, 'a'));
  const std::vector<std::string> bodies{"one", std::string(200, 'b'), std::string(300, 'c')};
  const PutMessageResult batch = store->put_messages(batch_of(bodies, draft_of("")));
  REQUIRE(batch.status == PutMessageStatus::kPutOk);
  CHECK(batch.offset.value() == static_cast<int64_t>(kSmallSegment));
  check_blank(store, first.end);
  CHECK(records_of(store, batch).size() == 3);
}

TEST_CASE("behaviour 3: the blank takes no queue offset", "[put]") {
  TestStore store;
  store.put(std::string(3500, 'a'));
  const std::vector<std::string> bodies{std::string(300, 'b'), std::string(300, 'c')};
  CHECK(store->put_messages(batch_of(bodies, draft_of(""))).queue_offset == QueueOffset(1));
  CHECK(store.put("d").queue_offset == QueueOffset(3));
}

TEST_CASE("behaviour 4: a batch gives consecutive offsets, one time, and each record its own content", "[put]") {
  TestStore store;
  store.put("before");
  store.clock().advance_ms(77);
  const std::vector<std::string> bodies = numbered(0, 5);
  std::vector<MessageDraft> drafts = batch_of(bodies, draft_of(""));
  const std::vector<std::string> properties{"TAGS\x01g0\x02", "TAGS\x01g1\x02", "", "KEYS\x01k\x02", "TAGS\x01g4\x02"};
  for (size_t i = 0; i < drafts.size(); ++i) drafts[i].properties = properties[i];
  const PutMessageResult result = store->put_messages(drafts);
  REQUIRE(result.status == PutMessageStatus::kPutOk);
  CHECK(result.queue_offset == QueueOffset(1));
  CHECK(result.stored_at == kFirstTime + 77);

  const std::vector<MessageView> records = records_of(store, result);
  REQUIRE(records.size() == 5);
  for (size_t i = 0; i < records.size(); ++i) {
    INFO("record " << i);
    CHECK(records[i].queue_offset == QueueOffset(1 + static_cast<int64_t>(i)));
    CHECK(records[i].stored == kFirstTime + 77);
    CHECK(records[i].born == kFirstTime - 5);
    CHECK(records[i].born_host == kBornHost);
    CHECK(records[i].topic == "T");
    CHECK(as_text(records[i].body) == bodies[i]);
    CHECK(records[i].properties == properties[i]);
  }
}

TEST_CASE("behaviour 5: the records of a batch have ids of their own, 32 digits with IPv4, 56 with IPv6", "[put]") {
  TestStore store;
  const std::vector<std::string> bodies = numbered(0, 4);
  for (const auto& [like, digits] : {std::pair(draft_of(""), 32), std::pair(v6_draft(""), 56)}) {
    const PutMessageResult result = store->put_messages(batch_of(bodies, like));
    std::set<std::string> ids;
    for (const MessageView& record : records_of(store, result)) {
      const std::string id = offset_message_id(record.store_host, record.physical_offset);
      CHECK(id.size() == static_cast<size_t>(digits));
      CHECK(parse_offset_message_id(id)->physical_offset == record.physical_offset);
      ids.insert(id);
    }
    CHECK(ids.size() == 4);
  }
}

TEST_CASE("behaviour 6: IPv6 hosts set bits 4 and 5 and take 20 bytes each", "[put]") {
  TestStore store;
  MessageDraft born_v6 = draft_of("body");
  born_v6.born_host = v6_host(1);
  MessageDraft store_v6 = draft_of("body");
  store_v6.store_host = v6_host(2);
  struct Case {
    MessageDraft draft;
    int32_t bits;
    size_t more;
  };
  for (const Case& each : {Case{draft_of("body"), 0, 0}, Case{born_v6, 0x10, 12}, Case{store_v6, 0x20, 12},
                           Case{v6_draft("body"), 0x30, 24}}) {
    const MessageView record = store.view_at(store.put(each.draft).offset);
    CHECK(record.sys_flag == each.bits);
    CHECK(record.record.size() == kPlainBytes + 4 + each.more);
    CHECK(record.born_host == each.draft.born_host);
    CHECK(record.store_host == each.draft.store_host);
  }
}

TEST_CASE("behaviour 7: a record is as long as its parts, and a batch lies without gaps", "[put]") {
  TestStore store;
  const std::string properties = "TAGS\x01g\x02";
  const PutMessageResult single = store.put("0123456789", "topic-name", 3, properties);
  const size_t expected =
      4 + 4 + 4 + 4 + 4 + 8 + 8 + 4 + 8 + 8 + 8 + 8 + 4 + 8 + 4 + 10 + 1 + 10 + 2 + properties.size();
  CHECK(single.end - single.offset == static_cast<int64_t>(expected));

  const std::vector<std::string> bodies{"", "1", "22", "333"};
  const PutMessageResult batch = store->put_messages(batch_of(bodies, draft_of("")));
  PhysicalOffset at = batch.offset;
  for (const std::string& body : bodies) {
    const MessageView record = store.view_at(at);
    CHECK(record.physical_offset == at);
    CHECK(record.record.size() == kPlainBytes + body.size());
    at += static_cast<int64_t>(record.record.size());
  }
  CHECK(at == batch.end);
}

TEST_CASE("behaviour 9: IPv4 and IPv6 records follow each other in one queue and all can be read", "[put]") {
  TestStore store;
  const std::vector<std::string> bodies = numbered(0, 60);
  for (size_t i = 0; i < bodies.size(); ++i) store.put(i % 2 == 0 ? draft_of(bodies[i]) : v6_draft(bodies[i]));
  store.settle();
  CHECK(store.bodies() == bodies);
  store.reopen();
  CHECK(store.bodies() == bodies);
}

TEST_CASE("behaviour 10: with property CRCs each record of a put is sealed", "[put]") {
  StoreOptions options = small_options();
  options.limits.append_property_crc = true;
  TestStore store(options);
  const std::vector<std::string> bodies = numbered(0, 3);
  const PutMessageResult batch = store->put_messages(batch_of(bodies, draft_of("", "T", 0, "TAGS\x01g\x02")));
  for (const MessageView& record : records_of(store, batch)) {
    std::vector<std::byte> bytes(record.record.begin(), record.record.end());
    CHECK(TestStore::view_of(bytes).properties.size() == 7 + kPropertyCrcBytes);
    const size_t in_properties = bytes.size() - kPropertyCrcBytes - 2;
    bytes[in_properties] ^= std::byte{1};
    MessageView view;
    CHECK(parse_record(bytes, CrcCheck::kBodyAndProperties, view) == RecordStatus::kBadPropertyCrc);
  }
}

TEST_CASE("behaviour 11: a body of exactly the limit is taken, one byte more is illegal", "[put]") {
  StoreOptions options = small_options();
  options.limits.max_body_bytes = 500;
  TestStore store(options);
  CHECK(status_with(store, draft_of(std::string(500, 'a'))) == PutMessageStatus::kPutOk);
  const PhysicalOffset end = store->max_offset();
  CHECK(status_with(store, draft_of(std::string(501, 'a'))) == PutMessageStatus::kMessageIllegal);
  CHECK(store->max_offset() == end);
}

TEST_CASE("behaviour 12: body, properties and topic may all be at their limits", "[put]") {
  StoreOptions options = small_options();
  options.segment_bytes = 1u << 20;
  options.limits.max_body_bytes = 100000;
  TestStore store(options);
  const std::string body(100000, 'a');
  const std::string topic(127, 't');
  const std::string properties = "k\x01" + std::string(kMaxPropertiesBytes - 3, 'v') + "\x02";
  const MessageView record = store.view_at(store.put(body, topic, 0, properties).offset);
  CHECK(record.body.size() == 100000);
  CHECK(record.topic == topic);
  CHECK(record.properties == properties);
  CHECK(status_with(store, draft_of(body, std::string(128, 't'))) == PutMessageStatus::kMessageIllegal);
}

TEST_CASE("behaviour 13: too long properties are refused as such, and the queue offset does not move", "[put]") {
  for (const bool crc : {false, true}) {
    StoreOptions options = small_options();
    options.segment_bytes = 1u << 20;
    options.limits.append_property_crc = crc;
    TestStore store(options);
    const size_t limit = kMaxPropertiesBytes - (crc ? kPropertyCrcBytes : 0);
    const std::string longest = "k\x01" + std::string(limit - 3, 'v') + "\x02";
    CHECK(status_with(store, draft_of("b", "T", 0, "x" + longest)) == PutMessageStatus::kPropertiesSizeExceeded);
    store.settle();
    CHECK(store->max_queue_offset("T", QueueId(0)) == QueueOffset(0));
    CHECK(store.put("b", "T", 0, longest).queue_offset == QueueOffset(0));
  }
}

TEST_CASE("behaviour 15: a batch with one body over the limit is refused as a whole", "[put]") {
  StoreOptions options = small_options();
  options.limits.max_body_bytes = 100;
  TestStore store(options);
  const std::vector<std::string> bodies{"a", std::string(101, 'b'), "c"};
  CHECK(store->put_messages(batch_of(bodies, draft_of(""))).status == PutMessageStatus::kMessageIllegal);
  CHECK(store->max_offset() == PhysicalOffset(0));
  CHECK(store.put("d").queue_offset == QueueOffset(0));
}

TEST_CASE("A batch must be of one topic and queue, and not empty", "[put]") {
  TestStore store;
  const std::vector<MessageDraft> two_queues{draft_of("a"), draft_of("b", "T", 1)};
  const std::vector<MessageDraft> two_topics{draft_of("a"), draft_of("b", "U")};
  CHECK(store->put_messages(two_queues).status == PutMessageStatus::kMessageIllegal);
  CHECK(store->put_messages(two_topics).status == PutMessageStatus::kMessageIllegal);
  CHECK(store->put_messages({}).status == PutMessageStatus::kMessageIllegal);
  CHECK(store->max_offset() == PhysicalOffset(0));
}

TEST_CASE("A topic that would lead out of the store is refused", "[put]") {
  TestStore store;
  for (const char* topic : {".", "..", "../x", "a/b", "/tmp"}) {
    CHECK(status_with(store, draft_of("b", topic)) == PutMessageStatus::kMessageIllegal);
  }
  CHECK(status_with(store, draft_of("b", std::string_view("a\0b", 3))) == PutMessageStatus::kMessageIllegal);
  CHECK(store->max_offset() == PhysicalOffset(0));
}

TEST_CASE("What no segment can hold is refused before anything is written", "[put]") {
  TestStore store;
  store.put("a");
  const PhysicalOffset end = store->max_offset();
  const size_t largest = kSmallSegment - kPlainBytes - kBlankBytes;
  CHECK(status_with(store, draft_of(std::string(largest + 1, 'a'))) == PutMessageStatus::kMessageIllegal);
  CHECK(store->max_offset() == end);
  CHECK(store.put(std::string(largest, 'a')).queue_offset == QueueOffset(1));
}

TEST_CASE("Prepared and rolled-back messages are in the log, but take no queue offset", "[put]") {
  TestStore store;
  store.put("m0");
  for (const int32_t flag : {sys_flag::kPrepared, sys_flag::kRollback}) {
    MessageDraft draft = draft_of("half");
    draft.sys_flag = flag;
    CHECK(store.view_at(store.put(draft).offset).queue_offset == QueueOffset(0));
  }
  MessageDraft committed = draft_of("m1");
  committed.sys_flag = sys_flag::kCommit;
  CHECK(store.put(committed).queue_offset == QueueOffset(1));
  store.settle();
  CHECK(store.bodies() == numbered(0, 2));
}

TEST_CASE("A closed store takes nothing, and closes only once", "[put]") {
  TestStore store;
  store.put("a");
  CHECK(store->shutdown().ok());
  CHECK(store->shutdown().ok());
  const PutMessageResult result = store->put_message(draft_of("b"));
  CHECK(result.status == PutMessageStatus::kServiceNotAvailable);
  CHECK_FALSE(result.reason.empty());
  CHECK(put_status_name(result.status) == "SERVICE_NOT_AVAILABLE");
}

namespace {

// A disk on which nothing under a directory gets blocks while it is full.
class FullDisk {
 public:
  explicit FullDisk(std::string part) : part_(std::move(part)) {}
  FileSystem* file_system() { return &disk_; }
  void set_full(bool full) { full_ = full; }

 private:
  Status ask(Operation operation, const std::string& path) const {
    const bool concerned = operation == Operation::kAllocate && path.find(part_) != std::string::npos;
    return full_ && concerned ? Status::error(Errc::kNoSpace, "no space left") : Status();
  }

  const std::string part_;
  std::atomic<bool> full_{false};
  UnsyncedFileSystem unsynced_{posix_file_system()};
  HookedFileSystem disk_{unsynced_,
                         [this](Operation operation, const std::string& path) { return ask(operation, path); }};
};

}  // namespace

TEST_CASE("A log that a full disk ended between two segments is whole after the stop", "[put]") {
  FullDisk disk("commitlog");
  TestStore store(small_options(), disk.file_system());
  const PutMessageResult last = store.put("m0");
  disk.set_full(true);
  const std::string large(kSmallSegment - kPlainBytes - kBlankBytes, 'a');
  CHECK_FALSE(stored(store->put_message(draft_of(large)).status));
  CHECK(store->max_offset() == last.end);  // what is smaller may still find room
  store.close();
  disk.set_full(false);
  store.open();
  CHECK(store->recovery().bytes_cut == 0);
  CHECK(store->max_offset() == last.end);
  CHECK(store.put("m1").offset == last.end);
}

TEST_CASE("Queues that a full disk holds up go on when there is room again", "[put]") {
  FullDisk disk("consumequeue");
  TestStore store(small_options(), disk.file_system());
  disk.set_full(true);
  int count = 0;
  PutMessageResult result = store->put_message(draft_of("m0"));
  for (; stored(result.status); result = store->put_message(draft_of("m" + std::to_string(count)))) {
    ++count;
    std::this_thread::yield();
  }
  CHECK(result.reason.find("no space left") != std::string::npos);
  CHECK(store.bodies().empty());
  disk.set_full(false);
  while (!stored(result.status)) {
    result = store->put_message(draft_of("m" + std::to_string(count)));
    std::this_thread::yield();
  }
  store.settle();
  CHECK(store.bodies() == numbered(0, count + 1));
}

TEST_CASE("A full disk is told as a segment that could not be made; what was stored stays", "[put]") {
  FullDisk disk("commitlog");
  TestStore store(small_options(), disk.file_system());
  store.put("m0");
  disk.set_full(true);
  const std::string large(kSmallSegment - kPlainBytes - kBlankBytes, 'a');
  const PutMessageResult refused = store->put_message(draft_of(large));
  CHECK(refused.status == PutMessageStatus::kCreateMappedFileFailed);
  CHECK(refused.reason.find("no space left") != std::string::npos);
  disk.set_full(false);
  CHECK(store.put("m1").queue_offset == QueueOffset(1));
  store.settle();
  CHECK(store.bodies() == numbered(0, 2));
}
