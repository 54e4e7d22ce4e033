// Small files replaced: whatever step fails, there is a whole file of the name, old or new.
#include <catch2/catch.hpp>
#include <filesystem>

#include "libstore/os/replace_file.h"
#include "tests/unit/support/golden_store.h"
#include "tests/unit/support/hooked_file_system.h"

using namespace mqctl;
using namespace mqctl::test;

namespace {

struct Place {
  TemporaryDirectory directory;
  std::string path = directory.path() + "/config.json";
  std::string content(const char* suffix = "") const {
    Result<std::string> text = read_whole_file(posix_file_system(), path + suffix, 1000);
    return text ? *text : "none: " + std::string(errc_name(text.error().code()));
  }
  std::vector<std::string> names() const {
    std::vector<std::string> all;
    for (const auto& entry : std::filesystem::directory_iterator(directory.path())) {
      all.push_back(entry.path().filename().string());
    }
    std::sort(all.begin(), all.end());
    return all;
  }
};

Status replace(const Place& place, std::string_view content, Backup backup = Backup::kNone,
               FileSystem& fs = posix_file_system()) {
  return replace_file(fs, place.path, content, backup);
}

}  // namespace

TEST_CASE("A file is made, then replaced; nothing is left beside it") {
  const Place place;
  REQUIRE(replace(place, "one").ok());
  CHECK(place.content() == "one");
  REQUIRE(replace(place, "a longer two").ok());
  CHECK(place.content() == "a longer two");
  REQUIRE(replace(place, "").ok());
  CHECK(place.content().empty());
  CHECK(place.names() == std::vector<std::string>{"config.json"});
}

TEST_CASE("The one before stays as .bak, where asked for") {
  const Place place;
  REQUIRE(replace(place, "one", Backup::kKeepBak).ok());
  CHECK(place.content(".bak") == "none: not-found");
  REQUIRE(replace(place, "two", Backup::kKeepBak).ok());
  REQUIRE(replace(place, "three", Backup::kKeepBak).ok());
  CHECK(place.content() == "three");
  CHECK(place.content(".bak") == "two");
  CHECK(place.names() == std::vector<std::string>{"config.json", "config.json.bak"});
}

TEST_CASE("A reader that has the old file open goes on reading it") {
  const Place place;
  REQUIRE(replace(place, "old").ok());
  const auto held = std::move(*posix_file_system().open(place.path, OpenMode::kRead));
  REQUIRE(replace(place, "new").ok());
  std::string text(3, '\0');
  REQUIRE(*held->read_at(0, {reinterpret_cast<std::byte*>(text.data()), 3}) == 3);
  CHECK(text == "old");
}

TEST_CASE("What a killed writer left behind is no hindrance") {
  const Place place;
  REQUIRE(replace(place, "old").ok());
  write_file(place.path + ".tmp", as_bytes("half of something that was longer"));
  write_file(place.path + ".bak.tmp", as_bytes("half of something that was longer"));
  REQUIRE(replace(place, "new", Backup::kKeepBak).ok());
  CHECK(place.content() == "new");
  CHECK(place.content(".bak") == "old");
  CHECK(place.names() == std::vector<std::string>{"config.json", "config.json.bak"});
}

TEST_CASE("Whichever step fails, the file is whole, old or new") {
  int steps = 0, fail_at = 0;
  HookedFileSystem disk(posix_file_system(), [&](Operation operation, const std::string&) -> Status {
    if (operation == Operation::kRemove || ++steps != fail_at) return {};
    return Status::error(Errc::kIoError, "step " + std::to_string(fail_at));
  });
  bool succeeded = false;
  for (fail_at = 1; !succeeded; ++fail_at) {
    const Place place;
    REQUIRE(replace(place, "old").ok());
    steps = 0;
    const Status status = replace(place, "new", Backup::kKeepBak, disk);
    succeeded = status.ok();
    INFO("step " << fail_at);
    if (!succeeded) CHECK(status.message() == "step " + std::to_string(fail_at));
    const std::string now = place.content();
    CHECK((now == "new" || (!succeeded && now == "old")));
    for (const std::string& name : place.names()) CHECK_FALSE(name.ends_with(".tmp"));
  }
  CHECK(fail_at > 8);  // create, write, sync and rename, twice over, and the directory
}

TEST_CASE("The new content is synced before it gets the name, the directory after") {
  std::vector<Operation> seen;
  HookedFileSystem disk(posix_file_system(), [&](Operation operation, const std::string&) -> Status {
    seen.push_back(operation);
    return {};
  });
  const Place place;
  REQUIRE(replace(place, "new", Backup::kNone, disk).ok());
  using enum Operation;
  CHECK(seen == std::vector{kCreate, kWrite, kSync, kRename, kSyncDirectory});
}

TEST_CASE("What is left at the temporary name goes, and a link there is not followed") {
  namespace fs = std::filesystem;
  const Place place;
  const std::string victim = place.directory.path() + "/victim";
  write_file(victim, as_bytes("precious"));
  write_file(place.path, as_bytes("old"));
  for (const char* suffix : {".tmp", ".bak.tmp"}) fs::create_symlink(victim, place.path + suffix);
  REQUIRE(replace(place, "new", Backup::kKeepBak).ok());
  CHECK(place.content() == "new");
  CHECK(place.content(".bak") == "old");
  CHECK(read_whole_file(posix_file_system(), victim, 100).value() == "precious");
  write_file(place.path + ".tmp", as_bytes("of a process that was killed, and longer"));
  REQUIRE(replace(place, "newer").ok());
  CHECK(place.content() == "newer");
}

TEST_CASE("A file is read whole up to the limit, and not beyond") {
  const Place place;
  REQUIRE(replace(place, std::string(100, 'x')).ok());
  CHECK(read_whole_file(posix_file_system(), place.path, 100)->size() == 100);
  const Result<std::string> refused = read_whole_file(posix_file_system(), place.path, 99);
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().code() == Errc::kCorruption);
  CHECK(refused.error().path() == place.path);
  CHECK(read_whole_file(posix_file_system(), place.path + "x", 9).error().code() == Errc::kNotFound);
}
