// UnsyncedFileSystem: everything goes through but the syncing.
#include <catch2/catch.hpp>
#include <cstring>
#include <map>

#include "libstore/os/unsynced_file_system.h"
#include "tests/unit/support/golden_store.h"
#include "tests/unit/support/hooked_file_system.h"

using namespace mqctl;
using namespace mqctl::test;

namespace {

struct Counted {
  TemporaryDirectory directory;
  std::map<Operation, int> seen;
  HookedFileSystem base{posix_file_system(), [this](Operation operation, const std::string&) -> Status {
                          ++seen[operation];
                          return {};
                        }};
  UnsyncedFileSystem fs{base};
  std::string path(const char* name) const { return directory.path() + "/" + name; }
  std::unique_ptr<File> file(const char* name = "f") {
    Result<std::unique_ptr<File>> opened = fs.open(path(name), OpenMode::kOpenOrCreate);
    REQUIRE(opened.has_value());
    return std::move(*opened);
  }
};

}  // namespace

TEST_CASE("No sync reaches the disk") {
  Counted counted;
  const auto file = counted.file();
  REQUIRE(file->resize(8192).ok());
  CHECK(file->sync().ok());
  CHECK(counted.fs.sync_directory(counted.directory.path()).ok());
  const auto region = std::move(*file->map(MapMode::kReadWrite, 8192));
  CHECK(region->sync(0, 8192).ok());
  for (const Operation operation : {Operation::kSync, Operation::kMapSync, Operation::kSyncDirectory}) {
    CHECK(counted.seen[operation] == 0);
  }
}

TEST_CASE("Everything else does") {
  Counted counted;
  const auto file = counted.file();
  CHECK(file->path() == counted.path("f"));
  REQUIRE(file->write_at(0, as_bytes("abc")).ok());
  REQUIRE(file->resize(8192).ok());
  REQUIRE(file->allocate(0, 8192).ok());
  CHECK(*file->size() == 8192);
  CHECK(*file->allocated_bytes() >= 8192);
  CHECK(*file->next_data(0) == 0);
  REQUIRE(file->set_modified(EpochMs(1700000000000)).ok());
  CHECK(counted.fs.stat(counted.path("f"))->modified == EpochMs(1700000000000));
  file->will_need(0, 1);
  file->dont_need(0, 1);

  const auto region = std::move(*file->map(MapMode::kReadWrite, 8192));
  region->populate_write(0, region->size());
  std::memcpy(region->data() + 1, "X", 1);
  CHECK(as_text(Bytes(read_file(counted.path("f"))).first(3)) == "aXc");

  REQUIRE(counted.fs.create_directories(counted.path("d")).ok());
  REQUIRE(counted.fs.rename(counted.path("f"), counted.path("d/g")).ok());
  CHECK(counted.fs.list(counted.path("d"))->size() == 1);
  REQUIRE(counted.fs.remove(counted.path("d/g")).ok());
  CHECK(counted.fs.space(counted.directory.path())->total_bytes > 0);
  CHECK(counted.fs.open(counted.path("none"), OpenMode::kRead).error().code() == Errc::kNotFound);
  for (const Operation operation : {Operation::kCreate, Operation::kWrite, Operation::kResize, Operation::kAllocate,
                                    Operation::kMakeDirectories, Operation::kRename, Operation::kRemove}) {
    CHECK(counted.seen[operation] == 1);
  }
}

TEST_CASE("The lock is a real one") {
  Counted counted;
  const auto file = counted.file("lock");
  CHECK(file->lock_first_byte().ok());
  CHECK(file->lock_holder().error().code() == Errc::kNotFound);  // none but us
}
