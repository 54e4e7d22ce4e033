// MappedFileQueue: what it finds in its directories and leaves there, with behaviours 36 and 37 of Apache's
// MultiPathMappedFileQueueTest.
#include <algorithm>
#include <filesystem>

#include "libstore/log/allocate_mapped_file_service.h"
#include "tests/unit/log/mapped_file_queue_support.h"
#include "tests/unit/support/hooked_file_system.h"

using namespace mqctl;
using namespace mqctl::test;

TEST_CASE("behaviour 36: several directories take the files in turn, and are loaded in offset order") {
  TemporaryDirectory dir;
  const std::string a = join_path(dir.path(), "a"), b = join_path(dir.path(), "b"), c = join_path(dir.path(), "c");
  const MappedFileQueueOptions options{.directories = {a, b, c}, .read_only_directories = {}, .file_bytes = kFile};
  {
    MappedFileQueue queue(posix_file_system(), options);
    append_files(queue, 7);
  }
  CHECK(posix_file_system().list(a)->size() == 3);
  CHECK(posix_file_system().list(b)->size() == 2);
  CHECK(posix_file_system().list(c)->size() == 2);
  MappedFileQueue queue(posix_file_system(), options);
  REQUIRE(queue.load().ok());
  CHECK(queue.file_count() == 7);
  CHECK(queue.find(4096)->path() == join_path(b, "00000000000000004096"));
}

TEST_CASE("all directories are synced that are there") {
  TemporaryDirectory dir;
  const std::string a = join_path(dir.path(), "a"), none = join_path(dir.path(), "none"),
                    c = join_path(dir.path(), "c");
  std::vector<std::string> synced;
  HookedFileSystem fs(posix_file_system(), [&](Operation operation, const std::string& path) {
    if (operation == Operation::kSyncDirectory) synced.push_back(path);
    return Status();
  });
  MappedFileQueue queue(fs, {.directories = {a, none, c}, .read_only_directories = {}, .file_bytes = kFile});
  append_files(queue, 3);
  std::filesystem::remove_all(none);
  synced.clear();
  REQUIRE(queue.sync_from(0, 0).ok());
  CHECK(synced == std::vector<std::string>{a, none, c});
}

TEST_CASE("behaviour 37: read-only directories are loaded and get no new file") {
  TemporaryDirectory dir;
  const std::string a = join_path(dir.path(), "a"), b = join_path(dir.path(), "b");
  {
    MappedFileQueue queue(posix_file_system(), {.directories = {a}, .read_only_directories = {}, .file_bytes = kFile});
    append_files(queue, 2);
  }
  MappedFileQueue queue(posix_file_system(), {.directories = {b}, .read_only_directories = {a}, .file_bytes = kFile});
  REQUIRE(queue.load().ok());
  CHECK(queue.file_count() == 2);
  append_files(queue, 3);
  CHECK(posix_file_system().list(a)->size() == 2);
  CHECK(posix_file_system().list(b)->size() == 3);
}

TEST_CASE("loading refuses a gap and a file of another size, and removes an empty last file") {
  TemporaryDirectory dir;
  {
    MappedFileQueue queue = queue_in(dir.path());
    append_files(queue, 3);
  }
  FileSystem& fs = posix_file_system();
  const std::string empty = join_path(dir.path(), offset_file_name(3 * 4096));
  REQUIRE(fs.open(empty, OpenMode::kCreateExclusive).has_value());
  {
    MappedFileQueue queue = queue_in(dir.path());
    REQUIRE(queue.load().ok());
    CHECK(queue.file_count() == 3);
    CHECK(fs.stat(empty).error().code() == Errc::kNotFound);
  }
  const std::string second = join_path(dir.path(), offset_file_name(4096));
  REQUIRE((*fs.open(second, OpenMode::kReadWrite))->resize(100).ok());
  MappedFileQueue queue = queue_in(dir.path());
  CHECK(queue.load().path() == second);
  REQUIRE(fs.remove(second).ok());
  MappedFileQueue gap = queue_in(dir.path());
  const Status status = gap.load();
  REQUIRE_FALSE(status.ok());
  CHECK(status.code() == Errc::kCorruption);
  CHECK(status.path() == join_path(dir.path(), offset_file_name(8192)));
}

TEST_CASE("files of other names are listed and left alone") {
  TemporaryDirectory dir;
  {
    MappedFileQueue queue = queue_in(dir.path());
    append_files(queue, 1);
  }
  std::vector<std::string> strays;
  for (const char* name :
       {"-0000000000000000000", "-0000000000000000001", "0000000000000004096x", "99999999999999999999", "notes.txt"}) {
    strays.push_back(join_path(dir.path(), name));
    REQUIRE(posix_file_system().open(strays.back(), OpenMode::kCreateExclusive).has_value());
  }
  MappedFileQueue queue = queue_in(dir.path());
  REQUIRE(queue.load().ok());
  std::vector<std::string> found = queue.strays();
  std::sort(found.begin(), found.end());
  CHECK(found == strays);
  CHECK(queue.file_count() == 1);
}

TEST_CASE("segments of zeros behind the end are set aside, left on disk, and taken up again") {
  TemporaryDirectory dir;
  {
    MappedFileQueue queue = queue_in(dir.path());
    append_files(queue, 2);
  }
  for (int64_t at : {2 * 4096, 3 * 4096}) {
    auto spare =
        MappedFile::create(posix_file_system(), join_path(dir.path(), offset_file_name(at)), at, kFile, Blocks::kWhole);
    REQUIRE(spare.has_value());
  }
  AllocateMappedFileService allocator(posix_file_system(), {});
  MappedFileQueue queue(
      posix_file_system(),
      {.directories = {dir.path()}, .read_only_directories = {}, .file_bytes = kFile, .allocator = &allocator});
  REQUIRE(queue.load().ok());
  CHECK(queue.file_count() == 4);
  CHECK(queue.set_spares_aside(2 * 4096) == 2);
  CHECK(queue.file_count() == 2);
  CHECK(posix_file_system().list(dir.path())->size() == 4);
  append_files(queue, 2);
  CHECK(queue.max_offset() == 4 * 4096);
  CHECK(allocator.shutdown().ok());
}
