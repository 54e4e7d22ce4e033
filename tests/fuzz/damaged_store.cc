#include "tests/fuzz/damaged_store.h"

#include <cstring>

#include "libstore/store/topic_config.h"
#include "tests/fuzz/require.h"

namespace mqctl::test {
namespace {

constexpr HostAddress kHost = HostAddress::v4(192, 0, 2, 7, 10911);

using Files = std::map<std::string, std::string>;

void put_messages(DefaultMessageStore& store, ManualClock& clock, int count) {
  for (int i = 0; i < count; ++i) {
    const std::string body(static_cast<size_t>(i * 7 % 90), 'b');
    const std::string properties =
        "KEYS\1k" + std::to_string(i % 5) + "\2TAGS\1A\2UNIQ_KEY\1u" + std::to_string(i) + "\2";
    const PutMessageResult put = store.put_message(small_draft(i % 3 == 0 ? "A" : "B", i % 2, body, properties));
    REQUIRE_SAYING(put.status == PutMessageStatus::kPutOk, put.reason);
    clock.advance_ms(1000);
    if (i == 45) REQUIRE(store.flush().ok() && store.checkpoint().ok());
  }
}

Files make(LeftBy end, const StoreOptions& options, int count) {
  MemoryFileSystem fs;
  ManualClock clock{EpochMs(1700000000000)};
  auto store = DefaultMessageStore::open(fs, clock, options);
  REQUIRE(store.has_value());
  put_messages(**store, clock, count);
  if (end == LeftBy::kShutdown) REQUIRE((*store)->shutdown().ok());
  (*store)->step(DefaultMessageStore::Service::kReput);
  REQUIRE(ensure_topics(fs, kStoreRoot, {{"A", 2}, {"B", 2}}, clock.now()).has_value());
  return fs.files();
}

// Another place of the same or another file.
std::string copied(const Files& files, FuzzInput& input, size_t length) {
  const auto from = std::next(files.begin(), input.below(static_cast<uint8_t>(files.size())));
  return from->second.substr(std::min<size_t>(input.word(), from->second.size()), length);
}

void change(Files& files, FuzzInput& input) {
  enum Change : uint8_t { kWrite, kCopy, kFill, kFlip, kCut, kExtend, kRemove, kCount };
  const auto file = std::next(files.begin(), input.below(static_cast<uint8_t>(files.size())));
  const auto kind = static_cast<Change>(input.below(kCount));
  std::string& content = file->second;
  const size_t at = std::min<size_t>(input.word(), content.size());
  const size_t length = input.byte();
  const auto overwrite = [&](std::string_view with) {
    const size_t fits = std::min(with.size(), content.size() - at);
    content.replace(at, fits, with.substr(0, fits));
  };
  if (kind == kWrite) overwrite(as_text(input.bytes(length)));
  if (kind == kCopy) overwrite(copied(files, input, length * 4));
  if (kind == kFill) overwrite(std::string(length * 16, static_cast<char>(input.byte())));
  if (kind == kFlip && at < content.size()) content[at] = static_cast<char>(content[at] ^ (1 << length % 8));
  if (kind == kCut) content.resize(at);
  if (kind == kExtend) content.resize(content.size() + length);
  if (kind == kRemove && files.size() > 1) files.erase(file);
}

}  // namespace

StoreOptions small_store_options() {
  StoreOptions options;
  options.root = kStoreRoot;
  options.background = Background::kSteps;
  options.segment_bytes = 4096;
  options.consume_queue_segment_bytes = 10 * ConsumeQueueUnit::kEncodedBytes;
  options.index_geometry = {.slots = 10, .entries = 40};
  return options;
}

MessageDraft small_draft(std::string_view topic, int32_t queue, std::string_view body, std::string_view properties) {
  MessageDraft draft;
  draft.topic = topic;
  draft.queue_id = QueueId(queue);
  draft.born = EpochMs(1700000000000);
  draft.born_host = draft.store_host = kHost;
  draft.body = as_bytes(body);
  draft.properties = properties;
  return draft;
}

const Files& sound_store(LeftBy end) {
  constexpr int kMessages = 60;
  static const Files kShutdown = make(LeftBy::kShutdown, small_store_options(), kMessages);
  static const Files kCrash = make(LeftBy::kCrash, small_store_options(), kMessages);
  return end == LeftBy::kShutdown ? kShutdown : kCrash;
}

const Files& sound_broker_store() {
  static const Files kFiles = [] {
    StoreOptions options = small_store_options();
    options.segment_bytes = 32 << 10;
    options.consume_queue_segment_bytes = 50 * ConsumeQueueUnit::kEncodedBytes;
    return make(LeftBy::kShutdown, options, 4);
  }();
  return kFiles;
}

void put_damaged(MemoryFileSystem& fs, LeftBy end, FuzzInput& input) {
  constexpr int kMostChanges = 32;
  Files files = sound_store(end);
  for (int i = 0; i < kMostChanges && !input.empty(); ++i) change(files, input);
  for (const auto& [path, content] : files) fs.put(path, as_bytes(content));
}

}  // namespace mqctl::test
