// The checkpoint file alone, and what a store makes of one that is cut, flipped or from another world.
#include "libstore/store/store_checkpoint.h"
#include "tests/unit/store/store_support.h"
#include "tests/unit/support/hooked_file_system.h"

using namespace mqctl;
using namespace mqctl::test;

namespace {

class CheckpointFile {
 public:
  std::string path() const { return directory_.path() + "/checkpoint"; }
  StoreCheckpoint load() const {
    Result<StoreCheckpoint> loaded = StoreCheckpoint::load(posix_file_system(), path());
    REQUIRE(loaded.has_value());
    return *loaded;
  }
  void save(const StoreCheckpoint& checkpoint) const {
    REQUIRE(text_of(checkpoint.save(posix_file_system(), path())) == "ok");
  }

 private:
  TemporaryDirectory directory_;
};

StoreCheckpoint sample() {
  StoreCheckpoint checkpoint;
  checkpoint.physic_msg_timestamp = EpochMs(0x0102030405060708);
  checkpoint.logics_msg_timestamp = EpochMs(0x1112131415161718);
  checkpoint.index_msg_timestamp = EpochMs(0x2122232425262728);
  checkpoint.master_flushed_offset = PhysicalOffset(0x3132333435363738);
  checkpoint.confirm_offset = PhysicalOffset(0x4142434445464748);
  checkpoint.logics_physical_offset = PhysicalOffset(0x5152535455565758);
  return checkpoint;
}

std::vector<int64_t> fields_of(const StoreCheckpoint& checkpoint) {
  return {checkpoint.physic_msg_timestamp.value(), checkpoint.logics_msg_timestamp.value(),
          checkpoint.index_msg_timestamp.value(),  checkpoint.master_flushed_offset.value(),
          checkpoint.confirm_offset.value(),       checkpoint.logics_physical_offset.value()};
}

EpochMs min_of(int64_t physic, int64_t logics) {
  StoreCheckpoint checkpoint;
  checkpoint.physic_msg_timestamp = EpochMs(physic);
  checkpoint.logics_msg_timestamp = EpochMs(logics);
  return checkpoint.min_timestamp();
}

// A killed store of 100 messages that lost the units of one queue file, with the checkpoint given.
void check_recovers_with(const std::vector<std::byte>& checkpoint) {
  TestStore store;
  for (int i = 0; i < 100; ++i) {
    store.put("m" + std::to_string(i));
    store.clock().advance_ms(1000);
  }
  store.kill();
  write_file(store.path("checkpoint"), checkpoint);
  overwrite(store.path("consumequeue/T/0/" + offset_file_name(1600)), 0, std::vector<std::byte>(400));
  store.open();
  CHECK(store.bodies() == numbered(0, 100));
  store.reopen();
  CHECK(store.bodies() == numbered(0, 100));
  CHECK(std::filesystem::file_size(store.path("checkpoint")) == StoreCheckpoint::kFileBytes);
}

std::vector<std::byte> checkpoint_bytes(int64_t every_field) {
  std::vector<std::byte> bytes(StoreCheckpoint::kFileBytes);
  for (size_t at = 0; at < StoreCheckpoint::kEncodedBytes; at += 8) store_be(bytes, at, every_field);
  return bytes;
}

}  // namespace

TEST_CASE("behaviour 78: the checkpoint keeps its values, in a file of 4096 bytes, big-endian", "[checkpoint]") {
  CheckpointFile file;
  file.save(sample());
  CHECK(fields_of(file.load()) == fields_of(sample()));
  const std::vector<std::byte> bytes = read_file(file.path());
  REQUIRE(bytes.size() == 4096);
  for (size_t field = 0; field < 6; ++field) {
    for (size_t i = 0; i < 8; ++i) CHECK(bytes[field * 8 + i] == static_cast<std::byte>(field * 16 + i + 1));
  }
  for (size_t i = 48; i < bytes.size(); ++i) REQUIRE(bytes[i] == std::byte{0});
}

TEST_CASE("behaviour 78: the least time is the smaller of two, 3 s back, never below 0", "[checkpoint]") {
  CHECK(min_of(10000, 20000) == EpochMs(7000));
  CHECK(min_of(20000, 10000) == EpochMs(7000));
  CHECK(min_of(10000, 10000) == EpochMs(7000));
  CHECK(min_of(3001, 5000) == EpochMs(1));
  CHECK(min_of(2999, 5000) == EpochMs(0));
  CHECK(min_of(0, 5000) == EpochMs(0));
  CHECK(min_of(-1, INT64_MAX) == EpochMs(0));
  CHECK(min_of(INT64_MIN, 5000) == EpochMs(0));
  CHECK(min_of(INT64_MAX, INT64_MAX) == EpochMs(INT64_MAX - 3000));
}

TEST_CASE("behaviour 78: a store's checkpoint names its last message, also after a restart", "[checkpoint]") {
  TestStore store;
  put_numbered(store, 0, 10);
  store.clock().advance_ms(5000);
  const PutMessageResult last = store.put("m10");
  store.reopen();
  const StoreCheckpoint checkpoint = *StoreCheckpoint::load(posix_file_system(), store.path("checkpoint"));
  CHECK(checkpoint.physic_msg_timestamp == last.stored_at);
  CHECK(checkpoint.logics_msg_timestamp == last.stored_at);
  CHECK(checkpoint.logics_physical_offset == last.offset);
  CHECK(checkpoint.min_timestamp() == last.stored_at - 3000);
  store.reopen();  // nothing was put: the values stay
  const StoreCheckpoint again = *StoreCheckpoint::load(posix_file_system(), store.path("checkpoint"));
  CHECK(fields_of(again) == fields_of(checkpoint));
}

TEST_CASE("A missing or cut checkpoint gives the fields that are whole, zero for the others", "[checkpoint]") {
  CheckpointFile file;
  CHECK(fields_of(file.load()) == std::vector<int64_t>(6, 0));
  file.save(sample());
  const std::vector<std::byte> whole = read_file(file.path());
  for (size_t length = 0; length <= 56; ++length) {
    write_file(file.path(), Bytes(whole).first(length));
    std::vector<int64_t> expected = fields_of(sample());
    for (size_t field = std::min<size_t>(length / 8, 6); field < 6; ++field) expected[field] = 0;
    CHECK(fields_of(file.load()) == expected);
    file.save(sample());
    CHECK(read_file(file.path()) == whole);
  }
}

TEST_CASE("Bytes that are not ours stay as they are", "[checkpoint]") {
  CheckpointFile file;
  std::vector<std::byte> bytes(5000, std::byte{0xA5});
  write_file(file.path(), bytes);
  file.save(sample());
  const std::vector<std::byte> after = read_file(file.path());
  REQUIRE(after.size() == 5000);
  CHECK(std::equal(bytes.begin() + 48, bytes.end(), after.begin() + 48));
}

TEST_CASE("A checkpoint that cannot be read is an error, not zeros", "[checkpoint]") {
  TemporaryDirectory directory;
  std::filesystem::create_directory(directory.path() + "/checkpoint");
  CHECK_FALSE(StoreCheckpoint::load(posix_file_system(), directory.path() + "/checkpoint").has_value());
}

TEST_CASE("A checkpoint that is not written, or not on disk, is an error", "[checkpoint]") {
  CheckpointFile file;
  for (const Operation fails : {Operation::kResize, Operation::kWrite, Operation::kSync, Operation::kSyncDirectory}) {
    INFO(static_cast<int>(fails));
    std::filesystem::remove(file.path());
    HookedFileSystem disk(posix_file_system(), [&](Operation operation, const std::string&) {
      return operation == fails ? Status::error(Errc::kIoError, "no") : Status();
    });
    CHECK(sample().save(disk, file.path()).code() == Errc::kIoError);
  }
}

TEST_CASE("Whatever a checkpoint claims, a crashed store gets all its messages back", "[checkpoint][recovery]") {
  check_recovers_with({});
  check_recovers_with(std::vector<std::byte>(11, std::byte{0x7F}));
  for (const int64_t claim : {int64_t{0}, int64_t{-1}, INT64_MIN, INT64_MAX, kFirstTime.value() + 50000}) {
    INFO("every field says " << claim);
    check_recovers_with(checkpoint_bytes(claim));
  }
}
