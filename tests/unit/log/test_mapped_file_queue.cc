// MappedFileQueue: behaviours 26 to 37 of Apache's MappedFileQueueTest and MultiPathMappedFileQueueTest.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cstring>
#include <filesystem>
#include <string>
#include <thread>

#include "libstore/log/allocate_mapped_file_service.h"
#include "libstore/log/mapped_file_queue.h"
#include "tests/unit/support/golden_store.h"
#include "tests/unit/support/hooked_file_system.h"

using namespace mqctl;
using namespace mqctl::test;

namespace {

constexpr uint64_t kFile = 4096;

MappedFileQueue queue_in(const std::string& directory) {
  return MappedFileQueue(posix_file_system(),
                         {.directories = {directory}, .read_only_directories = {}, .file_bytes = kFile});
}

// Appends runs of one letter that fill files exactly.
void append_files(MappedFileQueue& queue, int files, int64_t start = 0) {
  for (int i = 0; i < files; ++i) {
    Result<MappedFile*> file = queue.writable(start);
    REQUIRE(file.has_value());
    REQUIRE((*file)->append(as_bytes(std::string(kFile, static_cast<char>('a' + i % 26)))).ok());
  }
}

}  // namespace

TEST_CASE("behaviour 26: a full last file is followed by one named by its first offset in 20 digits") {
  TemporaryDirectory dir;
  MappedFileQueue queue = queue_in(dir.path());
  append_files(queue, 3);
  CHECK(queue.file_count() == 3);
  CHECK(base_name(queue.last()->path()) == "00000000000000008192");
  CHECK(queue.max_offset() == 3 * 4096);
}

TEST_CASE("behaviour 27: an offset finds the file that holds it, past the last file there is none") {
  TemporaryDirectory dir;
  MappedFileQueue queue = queue_in(dir.path());
  CHECK(queue.find(0) == nullptr);
  append_files(queue, 3);
  CHECK(queue.find(0)->first_offset() == 0);
  CHECK(queue.find(4095)->first_offset() == 0);
  CHECK(queue.find(4096)->first_offset() == 4096);
  CHECK(queue.find(3 * 4096 - 1)->first_offset() == 8192);
  CHECK(queue.find(3 * 4096) == nullptr);
  CHECK(queue.find(-1) == nullptr);
}

TEST_CASE("behaviour 28: a queue may begin elsewhere than at 0") {
  TemporaryDirectory dir;
  {
    MappedFileQueue queue = queue_in(dir.path());
    append_files(queue, 2, 10 * 4096 + 77);
  }
  MappedFileQueue queue = queue_in(dir.path());
  REQUIRE(queue.load().ok());
  CHECK(queue.min_offset() == 10 * 4096);
  CHECK(queue.find(0) == nullptr);
  CHECK(queue.find(11 * 4096)->first_offset() == 11 * 4096);
}

TEST_CASE("behaviour 29: the right file is found even if the table is not in order") {
  TemporaryDirectory dir;
  MappedFileQueue queue = queue_in(dir.path());
  append_files(queue, 3);
  MappedFileTable table;
  MappedFile* files[] = {queue.find(0), queue.find(4096), queue.find(8192)};
  for (int i : {0, 2, 1}) table.push_back(files[i]);
  CHECK(table.find(4096) == files[1]);
  CHECK(table.find(8192) == files[2]);
}

TEST_CASE("behaviour 30: flush moves flushed_where to the end of what is published, file by file") {
  TemporaryDirectory dir;
  MappedFileQueue queue = queue_in(dir.path());
  append_files(queue, 3);
  CHECK(queue.flushed_where() == 0);
  REQUIRE(queue.flush().ok());
  CHECK(queue.flushed_where() == 3 * 4096);
  for (int64_t at : {0, 4096, 8192}) CHECK(queue.find(at)->flushed_position() == kFile);
}

TEST_CASE("behaviour 31: mapped bytes are the sum of the files and follow deletions") {
  TemporaryDirectory dir;
  MappedFileQueue queue = queue_in(dir.path());
  append_files(queue, 5);
  CHECK(queue.mapped_bytes() == 5 * kFile);
  const auto all = [](const MappedFile&) { return true; };
  Result<int> deleted = queue.delete_from_front(all, 2);
  REQUIRE(deleted.has_value());
  CHECK(*deleted == 2);
  CHECK(queue.mapped_bytes() == 3 * kFile);
  CHECK(queue.min_offset() == 2 * 4096);
}

TEST_CASE("behaviour 33: deletion goes from the oldest on, stops at the first survivor, and keeps the last file") {
  TemporaryDirectory dir;
  MappedFileQueue queue = queue_in(dir.path());
  append_files(queue, 49);
  const auto old = [](const MappedFile& file) {
    const int64_t number = file.first_offset() / 4096;
    return number < 5 || number >= 20;
  };
  CHECK(*queue.delete_from_front(old, 100) == 5);
  CHECK(queue.min_offset() == 5 * 4096);
  const auto all = [](const MappedFile&) { return true; };
  CHECK(*queue.delete_from_front(all, 100) == 43);
  CHECK(queue.file_count() == 1);
  CHECK(posix_file_system().list(dir.path())->size() == 1);
}

TEST_CASE("behaviours 32 and 34: a reader that holds a deleted file still reads it") {
  TemporaryDirectory dir;
  MappedFileQueue queue = queue_in(dir.path());
  append_files(queue, 2);
  MappedFile* first = queue.first();
  REQUIRE(first->hold());
  CHECK(*queue.delete_from_front([](const MappedFile&) { return true; }, 1) == 1);
  CHECK(posix_file_system().stat(first->path()).error().code() == Errc::kNotFound);
  CHECK(as_text(first->published(0)).substr(0, 3) == "aaa");
  first->release();
  CHECK_FALSE(first->mapped());
}

TEST_CASE("behaviour 35: truncating to 0 drops the later files and sets the first one's positions back") {
  TemporaryDirectory dir;
  MappedFileQueue queue = queue_in(dir.path());
  append_files(queue, 4);
  REQUIRE(queue.truncate(0).ok());
  CHECK(queue.file_count() == 1);
  CHECK(queue.max_offset() == 0);
  CHECK(queue.first()->wrote_position() == 0);
  CHECK(posix_file_system().list(dir.path())->size() == 1);
}

TEST_CASE("truncating inside a file leaves no byte behind the place") {
  TemporaryDirectory dir;
  MappedFileQueue queue = queue_in(dir.path());
  append_files(queue, 4);
  CHECK(queue.data_bytes_behind(5000) == 4 * 4096 - 5000);
  REQUIRE(queue.truncate(5000).ok());
  CHECK(queue.file_count() == 2);
  CHECK(queue.max_offset() == 5000);
  CHECK(queue.data_bytes_behind(5000) == 0);
  CHECK(as_text(queue.last()->whole().subspan(0, 904)) == std::string(904, 'b'));
}

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

TEST_CASE("truncating where a file begins drops it") {
  constexpr int64_t kBegin = 2 * kFile;
  TemporaryDirectory dir;
  MappedFileQueue queue = queue_in(dir.path());
  append_files(queue, 4);
  REQUIRE(queue.truncate(kBegin).ok());
  CHECK(queue.file_count() == 2);
  CHECK(queue.max_offset() == kBegin);
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
  for (const char* name : {"-0000000000000000001", "0000000000000004096x", "99999999999999999999", "notes.txt"}) {
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

TEST_CASE("readers find files without a lock while one writer appends and deletes") {
  TemporaryDirectory dir;
  MappedFileQueue queue = queue_in(dir.path());
  append_files(queue, 1);
  std::atomic<bool> stop{false};
  std::atomic<int> wrong{0}, found{0};
  std::thread reader([&] {
    while (!stop) {
      const int64_t at = queue.max_offset() - 1;
      MappedFile* file = queue.find(at);
      if (file == nullptr || !file->hold()) continue;
      (file->contains(at) ? found : wrong)++;
      file->release();
    }
  });
  for (int round = 0; round < 60; ++round) {
    append_files(queue, 2);
    REQUIRE(queue.delete_from_front([](const MappedFile&) { return true; }, 1).has_value());
  }
  while (found == 0) std::this_thread::yield();
  stop = true;
  reader.join();
  CHECK(wrong == 0);
}
