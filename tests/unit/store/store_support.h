// A small store of our own for tests: segments of 4 KiB, queue files of 20 units, a clock that is turned by hand, and a
// disk that is never waited for.
#pragma once

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "libstore/index/consume_queue_store.h"
#include "libstore/message/record_parser.h"
#include "libstore/os/unsynced_file_system.h"
#include "libstore/store/default_message_store.h"
#include "tests/unit/support/golden_store.h"

namespace mqctl::test {

inline constexpr EpochMs kFirstTime(1700000000000);
inline constexpr HostAddress kStoreHost = HostAddress::v4(192, 0, 2, 7, 10911);
inline constexpr HostAddress kBornHost = HostAddress::v4(192, 0, 2, 9, 54321);
inline constexpr uint64_t kSmallSegment = 4096;

inline std::string text_of(const Status& status) { return status.to_string(); }

inline MessageDraft draft_of(std::string_view body, std::string_view topic = "T", int32_t queue = 0,
                             std::string_view properties = {}) {
  MessageDraft draft;
  draft.topic = topic;
  draft.queue_id = QueueId(queue);
  draft.born = kFirstTime - 5;
  draft.born_host = kBornHost;
  draft.store_host = kStoreHost;
  draft.body = as_bytes(body);
  draft.properties = properties;
  return draft;
}

inline StoreOptions small_options() {
  StoreOptions options;
  options.segment_bytes = kSmallSegment;
  options.consume_queue_segment_bytes = 20 * ConsumeQueueUnit::kEncodedBytes;
  options.index = false;
  // On a busy machine a thread of the store may be long in coming.
  options.allocate.wait_limit = options.flush.sync_limit = std::chrono::minutes(1);
  return options;
}

class TestStore {
 public:
  explicit TestStore(StoreOptions options = small_options(), FileSystem* fs = nullptr)
      : unsynced_(posix_file_system()), fs_(fs == nullptr ? &unsynced_ : fs), options_(std::move(options)) {
    if (options_.root.empty()) options_.root = directory_.path() + "/store";
    open();
  }

  DefaultMessageStore* operator->() { return store_.get(); }
  StoreOptions& options() { return options_; }
  ManualClock& clock() { return clock_; }
  std::string path(std::string_view below) const { return options_.root + "/" + std::string(below); }
  std::string segment_path(PhysicalOffset offset) const {
    const auto bytes = static_cast<int64_t>(options_.segment_bytes);
    return path("commitlog/" + offset_file_name(offset.value() / bytes * bytes));
  }

  Status try_open() {
    Result<std::unique_ptr<DefaultMessageStore>> opened = DefaultMessageStore::open(*fs_, clock_, options_);
    if (!opened) return std::move(opened).error();
    store_ = std::move(*opened);
    return {};
  }
  void open() { REQUIRE(text_of(try_open()) == "ok"); }
  void close() {
    REQUIRE(text_of(store_->shutdown()) == "ok");
    store_.reset();
  }
  void reopen() {
    close();
    open();
  }
  // What kill -9 leaves: the files as they are now, abort and all.
  void kill() {
    REQUIRE(text_of(store_->flush()) == "ok");
    const std::string copy = options_.root + ".copy";
    REQUIRE(std::system(("cp -a '" + options_.root + "' '" + copy + "'").c_str()) == 0);
    forget_half_made(copy + "/commitlog");
    store_.reset();
    std::filesystem::remove_all(options_.root);
    std::filesystem::rename(copy, options_.root);
    REQUIRE(std::filesystem::exists(path("abort")));
  }

  PutMessageResult put(const MessageDraft& draft) {
    PutMessageResult result = store_->put_message(draft);
    INFO(result.reason);
    REQUIRE(result.status == PutMessageStatus::kPutOk);
    return result;
  }
  PutMessageResult put(std::string_view body, std::string_view topic = "T", int32_t queue = 0,
                       std::string_view properties = {}) {
    return put(draft_of(body, topic, queue, properties));
  }
  // Everything put so far can be got.
  void settle() { REQUIRE(text_of(store_->flush()) == "ok"); }

  // The bodies of a queue, from its minimum to its end.
  std::vector<std::string> bodies(std::string_view topic = "T", int32_t queue = 0) {
    std::vector<std::string> all;
    const GetMessageResult got = store_->get_message(
        topic, QueueId(queue), store_->min_queue_offset(topic, QueueId(queue)), INT32_MAX, SIZE_MAX);
    for (const HeldBytes& held : got.messages) all.emplace_back(as_text(view_of(held.bytes()).body));
    return all;
  }
  static MessageView view_of(Bytes record) {
    MessageView view;
    REQUIRE(parse_record(record, CrcCheck::kBodyAndProperties, view) == RecordStatus::kRecord);
    return view;
  }
  // The record at a place of the log. Valid while the store is open.
  MessageView view_at(PhysicalOffset offset) {
    MessageView view;
    const Result<HeldBytes> held = store_->message_at(offset, view);
    REQUIRE(held.has_value());
    return view;
  }

 private:
  // The next segment, which the store makes ahead, may be without its length just then.
  static void forget_half_made(const std::string& directory) {
    const std::filesystem::directory_iterator files(directory);
    const std::vector<std::filesystem::path> paths(begin(files), end(files));
    for (const std::filesystem::path& path : paths) {
      if (std::filesystem::file_size(path) == 0) std::filesystem::remove(path);
    }
  }

  TemporaryDirectory directory_;
  ManualClock clock_{kFirstTime};
  UnsyncedFileSystem unsynced_;
  FileSystem* fs_;
  StoreOptions options_;
  std::unique_ptr<DefaultMessageStore> store_;
};

// "m0", "m1", ... up to but not including `to`.
inline std::vector<std::string> numbered(int from, int to) {
  std::vector<std::string> names;
  for (int i = from; i < to; ++i) names.push_back("m" + std::to_string(i));
  return names;
}

inline std::vector<PutMessageResult> put_numbered(TestStore& store, int from, int to, std::string_view topic = "T",
                                                  int32_t queue = 0) {
  std::vector<PutMessageResult> results;
  for (const std::string& body : numbered(from, to)) results.push_back(store.put(body, topic, queue));
  return results;
}

// Bytes of a file of any store, changed in place.
inline void overwrite(const std::string& path, uint64_t position, const std::vector<std::byte>& bytes) {
  Result<std::unique_ptr<File>> file = posix_file_system().open(path, OpenMode::kReadWrite);
  REQUIRE(file.has_value());
  REQUIRE((*file)->write_at(position, bytes).ok());
}

}  // namespace mqctl::test
