// A store with anything wrong in its files: verify comes to an end; what it finds sound opens and gives every message;
// what opens takes a message, gives it back, closes, and opens again with it; what was sound is sound at the end.
#include "libstore/message/record_parser.h"
#include "libstore/store/verifier.h"
#include "tests/fuzz/damaged_store.h"
#include "tests/fuzz/require.h"

using namespace mqctl;

namespace {

using StorePtr = std::unique_ptr<DefaultMessageStore>;

VerifyReport verified(FileSystem& fs) {
  const Result<StoreLocation> location = locate_store(fs, test::kStoreRoot);
  VerifyReport nothing;
  nothing.complete = false;
  if (!location) return nothing;
  VerifyOptions options;
  options.level = VerifyLevel::kIndex;
  options.tail = TailPolicy::kStrict;
  Result<VerifyReport> report = verify(fs, *location, options);
  if (!report) return nothing;
  REQUIRE(report->complete && report->findings.size() == report->findings_total);
  return std::move(*report);
}

// Whatever a queue says, what it gives are records of the log.
uint64_t get_all(DefaultMessageStore& store) {
  uint64_t messages = 0;
  for (const char* topic : {"A", "B"}) {
    for (int queue = 0; queue < 2; ++queue) {
      const QueueId id(queue);
      const GetMessageResult got = store.get_message(topic, id, store.min_queue_offset(topic, id), 1000, SIZE_MAX);
      for (const HeldBytes& held : got.messages) {
        MessageView view;
        if (parse_record(held.bytes(), CrcCheck::kNone, view) == RecordStatus::kRecord) ++messages;
      }
      (void)store.offset_by_time(topic, id, EpochMs(1700000030000));
    }
    (void)store.query_message(topic, "k1", 32, EpochMs(0), EpochMs(INT64_MAX));
  }
  return messages;
}

struct Place {
  std::string topic;
  QueueOffset offset;
};

void give_back(DefaultMessageStore& store, const Place& place) {
  const GetMessageResult got = store.get_message(place.topic, QueueId(0), place.offset, 1, SIZE_MAX);
  REQUIRE_SAYING(got.messages.size() == 1, std::to_string(static_cast<int>(got.status)));
  MessageView view;
  REQUIRE(parse_record(got.messages.front().bytes(), CrcCheck::kBody, view) == RecordStatus::kRecord);
  REQUIRE(as_text(view.body) == "new" && view.topic == place.topic && view.queue_offset == place.offset);
}

Place put(DefaultMessageStore& store, const std::string& topic) {
  const PutMessageResult result = store.put_message(test::small_draft(topic, 0, "new", "KEYS\1new\2"));
  REQUIRE_SAYING(result.status == PutMessageStatus::kPutOk, result.reason);
  store.step(DefaultMessageStore::Service::kReput);
  const Place place{topic, result.queue_offset};
  give_back(store, place);
  return place;
}

Result<StorePtr> opened(FileSystem& fs, OnDamage on_damage) {
  static const ManualClock kClock{EpochMs(1700000100000)};
  StoreOptions options = test::small_store_options();
  options.on_damage = on_damage;
  options.segment_bytes = 0;
  options.consume_queue_segment_bytes = 0;
  return DefaultMessageStore::open(fs, kClock, options);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  test::FuzzInput input(data, size);
  const uint8_t choice = input.byte();
  test::MemoryFileSystem fs;
  test::put_damaged(fs, (choice & 1) != 0 ? test::LeftBy::kCrash : test::LeftBy::kShutdown, input);
  const VerifyReport before = verified(fs);
  const bool sound = before.complete && before.findings_total == 0;
  Result<StorePtr> store = opened(fs, (choice & 2) != 0 ? OnDamage::kTruncate : OnDamage::kRefuse);
  REQUIRE_SAYING(store.has_value() || !sound, store ? "" : store.error().to_string());
  if (!store) return 0;
  const uint64_t messages = get_all(**store);
  REQUIRE(!sound || messages == before.messages);
  const Place known = put(**store, "B"), fresh = put(**store, "fresh");
  const Status closed = (*store)->shutdown();
  REQUIRE_SAYING(closed.ok(), closed.to_string());
  store = opened(fs, OnDamage::kTruncate);
  REQUIRE_SAYING(store.has_value(), store ? "" : store.error().to_string());
  give_back(**store, known);
  give_back(**store, fresh);
  REQUIRE((*store)->shutdown().ok());
  const VerifyReport after = verified(fs);
  REQUIRE(after.complete);
  REQUIRE_SAYING(!sound || after.findings.empty(), after.findings.empty() ? "" : after.findings.front().detail);
  return 0;
}
