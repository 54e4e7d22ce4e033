// MappedFileQueue: behaviours 26 to 35 of Apache's MappedFileQueueTest.
#include <thread>

#include "tests/unit/log/mapped_file_queue_support.h"

using namespace mqctl;
using namespace mqctl::test;

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

TEST_CASE("truncating where a file begins drops it") {
  constexpr int64_t kBegin = 2 * kFile;
  TemporaryDirectory dir;
  MappedFileQueue queue = queue_in(dir.path());
  append_files(queue, 4);
  REQUIRE(queue.truncate(kBegin).ok());
  CHECK(queue.file_count() == 2);
  CHECK(queue.max_offset() == kBegin);
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
