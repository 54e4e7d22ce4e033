// The real file system: what it makes, what it finds, and how it says no.
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cerrno>
#include <filesystem>

#include "libstore/os/file_system.h"
#include "tests/unit/support/golden_store.h"

using namespace mqctl;
using namespace mqctl::test;

namespace {

FileSystem& fs() { return posix_file_system(); }

class Place {
 public:
  std::string operator/(std::string_view name) const { return join_path(directory_.path(), name); }
  const std::string& path() const { return directory_.path(); }

 private:
  TemporaryDirectory directory_;
};

std::unique_ptr<File> opened(const std::string& path, OpenMode mode = OpenMode::kOpenOrCreate) {
  Result<std::unique_ptr<File>> file = fs().open(path, mode);
  if (!file) FAIL(file.error().to_string());
  return std::move(*file);
}

Errc refusal(const std::string& path, OpenMode mode) {
  const Result<std::unique_ptr<File>> file = fs().open(path, mode);
  REQUIRE_FALSE(file.has_value());
  CHECK(file.error().path() == path);
  return file.error().code();
}

std::string content(File& file, uint64_t position = 0, size_t length = 100) {
  std::string text(length, '\0');
  Result<size_t> got = file.read_at(position, {reinterpret_cast<std::byte*>(text.data()), text.size()});
  REQUIRE(got.has_value());
  text.resize(*got);
  return text;
}

}  // namespace

TEST_CASE("Each mode of opening makes or demands a file") {
  const Place place;
  CHECK(refusal(place / "f", OpenMode::kRead) == Errc::kNotFound);
  CHECK(refusal(place / "f", OpenMode::kReadWrite) == Errc::kNotFound);
  CHECK(opened(place / "f", OpenMode::kCreateExclusive)->path() == place / "f");
  CHECK(refusal(place / "f", OpenMode::kCreateExclusive) == Errc::kExists);
  REQUIRE(opened(place / "f", OpenMode::kOpenOrCreate)->write_at(0, as_bytes("abc")).ok());
  CHECK(content(*opened(place / "f", OpenMode::kRead)) == "abc");
  CHECK(refusal(place / "f/below", OpenMode::kRead) == Errc::kNotFound);
  CHECK(refusal(place / "none/f", OpenMode::kOpenOrCreate) == Errc::kNotFound);
}

TEST_CASE("A directory, a pipe and a device are no files of a store, and opening them does not hang") {
  const Place place;
  REQUIRE(::mkfifo((place / "pipe").c_str(), 0600) == 0);
  CHECK(refusal(place.path(), OpenMode::kRead) == Errc::kInvalidArgument);
  CHECK(refusal(place / "pipe", OpenMode::kRead) == Errc::kInvalidArgument);
  CHECK(refusal("/dev/null", OpenMode::kReadWrite) == Errc::kInvalidArgument);
}

TEST_CASE("A file opened for reading takes no writes") {
  const Place place;
  opened(place / "f");
  const Status status = opened(place / "f", OpenMode::kRead)->write_at(3, as_bytes("x"));
  REQUIRE_FALSE(status.ok());
  CHECK(status.path() == place / "f");
  CHECK(status.position() == 3);
}

TEST_CASE("Reads and writes are at places; only the end cuts a read short") {
  const Place place;
  const auto file = opened(place / "f");
  REQUIRE(file->write_at(5, as_bytes("fghij")).ok());
  CHECK(*file->size() == 10);
  CHECK(content(*file, 0, 5) == std::string(5, '\0'));
  REQUIRE(file->write_at(0, as_bytes("abcde")).ok());
  CHECK(content(*file) == "abcdefghij");
  CHECK(content(*file, 8, 10) == "ij");
  CHECK(content(*file, 10, 5).empty());
  CHECK(content(*file, 1000, 5).empty());
  CHECK(file->sync().ok());
}

TEST_CASE("A file is cut and extended; what is new is zeros") {
  const Place place;
  const auto file = opened(place / "f");
  REQUIRE(file->write_at(0, as_bytes("abcdef")).ok());
  REQUIRE(file->resize(3).ok());
  REQUIRE(file->resize(5).ok());
  CHECK(content(*file) == std::string("abc\0\0", 5));
}

TEST_CASE("Allocated blocks are real, and content stays") {
  const Place place;
  const auto file = opened(place / "f");
  REQUIRE(file->write_at(0, as_bytes("abc")).ok());
  REQUIRE(file->resize(1 << 20).ok());
  REQUIRE(file->allocate(0, 1 << 20).ok());
  CHECK(*file->size() == 1 << 20);
  CHECK(*file->allocated_bytes() >= 1 << 20);
  CHECK(content(*file, 0, 3) == "abc");

  const auto kept = opened(place / "g");
  REQUIRE(kept->resize(100).ok());
  REQUIRE(kept->allocate(0, 65536).ok());
  CHECK(*kept->size() == 100);
  CHECK(kept->allocate(0, 0).ok());
}

TEST_CASE("Data is found behind a hole") {
  const Place place;
  const auto file = opened(place / "f");
  constexpr uint64_t kFar = 8u << 20;
  REQUIRE(file->resize(2 * kFar).ok());
  REQUIRE(file->write_at(kFar, as_bytes("x")).ok());
  const uint64_t first = *file->next_data(0);
  CHECK(first <= kFar);
  CHECK(*file->next_data(kFar) == kFar);
  CHECK(*file->next_data(2 * kFar) >= 2 * kFar);
  const auto empty = opened(place / "g");
  CHECK(*empty->next_data(0) == 0);
}

TEST_CASE("stat tells kind, size and time, through links") {
  const Place place;
  const auto file = opened(place / "f");
  REQUIRE(file->resize(12345).ok());
  REQUIRE(file->set_modified(EpochMs(1700000000123)).ok());
  std::filesystem::create_symlink("f", place / "link");
  std::filesystem::create_symlink("nothing", place / "dangling");
  for (const char* name : {"f", "link"}) {
    const Result<FileStat> found = fs().stat(place / name);
    REQUIRE(found.has_value());
    CHECK(found->kind == FileKind::kRegular);
    CHECK(found->size_bytes == 12345);
    CHECK(found->modified == EpochMs(1700000000123));
  }
  CHECK(fs().stat(place.path())->kind == FileKind::kDirectory);
  CHECK(fs().stat("/dev/null")->kind == FileKind::kOther);
  CHECK(fs().stat(place / "dangling").error().code() == Errc::kNotFound);
  CHECK(fs().stat(place / "none").error().path() == place / "none");
}

TEST_CASE("What may be made is not made or opened through a link; what must be there is") {
  const Place place;
  opened(place / "f");
  std::filesystem::create_symlink("f", place / "link");
  std::filesystem::create_symlink("nothing", place / "dangling");
  CHECK(refusal(place / "link", OpenMode::kOpenOrCreate) == Errc::kInvalidArgument);
  CHECK(refusal(place / "dangling", OpenMode::kOpenOrCreate) == Errc::kInvalidArgument);
  CHECK(refusal(place / "dangling", OpenMode::kCreateExclusive) == Errc::kExists);
  CHECK_FALSE(std::filesystem::exists(place / "nothing"));
  CHECK(opened(place / "link", OpenMode::kReadWrite) != nullptr);
}

TEST_CASE("A listing is sorted, without itself and its parent, and knows kinds through links") {
  const Place place;
  for (const char* name : {"b", "a", "10", "9", ".hidden"}) opened(place / name);
  std::filesystem::create_directory(place / "dir");
  std::filesystem::create_symlink("dir", place / "link");
  std::filesystem::create_symlink("nothing", place / "dangling");
  const Result<std::vector<DirectoryEntry>> listed = fs().list(place.path());
  REQUIRE(listed.has_value());
  std::string text;
  for (const DirectoryEntry& entry : *listed) {
    text += entry.name + (entry.kind == FileKind::kDirectory ? "/ " : entry.kind == FileKind::kOther ? "? " : " ");
  }
  CHECK(text == ".hidden 10 9 a b dangling? dir/ link/ ");
}

TEST_CASE("What cannot be listed says why") {
  const Place place;
  opened(place / "f");
  CHECK(fs().list(place / "none").error().code() == Errc::kNotFound);
  CHECK(fs().list(place / "f").error().code() == Errc::kNotFound);  // not a directory
  CHECK(fs().list(place / "f").error().path() == place / "f");
}

TEST_CASE("Directories are made with their parents, again and again") {
  const Place place;
  REQUIRE(fs().create_directories(place / "a/b/c").ok());
  REQUIRE(fs().create_directories(place / "a/b/c").ok());
  CHECK(std::filesystem::is_directory(place / "a/b/c"));
  std::filesystem::create_directory_symlink("a", place / "link");
  CHECK(fs().create_directories(place / "link/d").ok());
  CHECK(std::filesystem::is_directory(place / "a/d"));
  opened(place / "f");
  CHECK(fs().create_directories(place / "f").code() == Errc::kExists);
  CHECK_FALSE(fs().create_directories(place / "f/below").ok());
}

TEST_CASE("A rename replaces; what is not there cannot be renamed") {
  const Place place;
  REQUIRE(opened(place / "new")->write_at(0, as_bytes("new")).ok());
  REQUIRE(opened(place / "old")->write_at(0, as_bytes("old")).ok());
  const auto held = opened(place / "old", OpenMode::kRead);
  REQUIRE(fs().rename(place / "new", place / "old").ok());
  CHECK(content(*opened(place / "old")) == "new");
  CHECK(content(*held) == "old");
  CHECK(fs().stat(place / "new").error().code() == Errc::kNotFound);
  const Status status = fs().rename(place / "new", place / "x");
  CHECK(status.code() == Errc::kNotFound);
  CHECK(status.message().find(place / "x") != std::string::npos);
}

TEST_CASE("Files and empty directories are removed, full ones are not") {
  const Place place;
  opened(place / "f");
  REQUIRE(fs().create_directories(place / "empty").ok());
  REQUIRE(fs().create_directories(place / "full/x").ok());
  CHECK(fs().remove(place / "f").ok());
  CHECK(fs().remove(place / "empty").ok());
  CHECK_FALSE(fs().remove(place / "full").ok());
  CHECK(std::filesystem::exists(place / "full/x"));
  CHECK(fs().remove(place / "f").code() == Errc::kNotFound);
}

TEST_CASE("Directories are synced, and space is told") {
  const Place place;
  CHECK(fs().sync_directory(place.path()).ok());
  CHECK(fs().sync_directory(place / "none").code() == Errc::kNotFound);
  const Result<SpaceInfo> space = fs().space(place.path());
  REQUIRE(space.has_value());
  CHECK(space->total_bytes > 0);
  CHECK(space->available_bytes <= space->total_bytes);
  CHECK(fs().space(place / "none").error().code() == Errc::kNotFound);
}

TEST_CASE("Without the right there is no way in") {
  if (::geteuid() == 0) return;  // the superuser may
  const Place place;
  opened(place / "f");
  REQUIRE(::chmod((place / "f").c_str(), 0) == 0);
  CHECK(refusal(place / "f", OpenMode::kRead) == Errc::kPermission);
}

TEST_CASE("Hints about reading change nothing") {
  const Place place;
  const auto file = opened(place / "f");
  REQUIRE(file->write_at(0, as_bytes("abc")).ok());
  file->will_need(0, 100);
  file->dont_need(0, 0);
  CHECK(content(*file) == "abc");
}

TEST_CASE("A process knows its number") { CHECK(process_id() == ::getpid()); }
