// MappedFile: behaviours 18 to 25 of Apache's MappedFileTest and DefaultMappedFile*Test.
#include <catch2/catch.hpp>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include "libstore/log/mapped_file.h"
#include "tests/unit/support/file_use.h"
#include "tests/unit/support/golden_store.h"

using namespace mqctl;
using mqctl::test::has_in_use;
using mqctl::test::TemporaryDirectory;

namespace {

constexpr uint64_t kSize = 64 * 1024;

std::unique_ptr<MappedFile> make_file(const TemporaryDirectory& dir, Blocks blocks = Blocks::kWhole) {
  Result<std::unique_ptr<MappedFile>> file =
      MappedFile::create(posix_file_system(), join_path(dir.path(), "00000000000000065536"), kSize, kSize, blocks);
  REQUIRE(file.has_value());
  return std::move(*file);
}

std::string text_of(Bytes bytes) { return std::string(as_text(bytes)); }

}  // namespace

TEST_CASE("behaviour 18: what was appended is read back, up to the wrote position and no further") {
  TemporaryDirectory dir;
  auto file = make_file(dir);
  REQUIRE(file->append(as_bytes("hello ")).ok());
  REQUIRE(file->append(as_bytes("world")).ok());
  CHECK(text_of(file->published(0)) == "hello world");
  CHECK(text_of(file->published(6)) == "world");
  CHECK(file->published(11).empty());
  CHECK(file->published(kSize).empty());
  CHECK(file->wrote_position() == 11);
}

TEST_CASE("behaviour 19: a held file stays readable after shutdown and is unmapped when the last holder lets go") {
  TemporaryDirectory dir;
  auto file = make_file(dir);
  REQUIRE(file->append(as_bytes("kept")).ok());
  REQUIRE(file->hold());
  file->shutdown();
  CHECK_FALSE(file->hold());
  CHECK(file->mapped());
  CHECK(has_in_use(file->path()));
  CHECK(text_of(file->published(0)) == "kept");
  file->release();
  CHECK_FALSE(file->mapped());
  CHECK_FALSE(has_in_use(file->path()));
  file->shutdown();  // once more does no harm
  CHECK(file->destroy().ok());
  CHECK(posix_file_system().stat(file->path()).error().code() == Errc::kNotFound);
}

TEST_CASE("who writes a file back, or touches it ahead, holds it no longer than that") {
  TemporaryDirectory dir;
  auto file = make_file(dir);
  REQUIRE(file->append(as_bytes("written")).ok());
  REQUIRE(file->flush().ok());
  file->populate_ahead(0, kSize);
  file->shutdown();
  CHECK_FALSE(file->mapped());
  file->populate_ahead(0, kSize);  // no more
}

TEST_CASE("behaviour 20: an append past the end fails and changes nothing, one that fills the file succeeds") {
  TemporaryDirectory dir;
  auto file = make_file(dir);
  const std::string most(kSize - 10, 'x');
  REQUIRE(file->append(as_bytes(most)).ok());
  const Status too_long = file->append(as_bytes("12345678901"));
  REQUIRE_FALSE(too_long.ok());
  CHECK(too_long.code() == Errc::kInvalidArgument);
  CHECK(too_long.path() == file->path());
  CHECK(file->wrote_position() == kSize - 10);
  REQUIRE(file->append(as_bytes("1234567890")).ok());
  CHECK(file->full());
  CHECK_FALSE(file->append(as_bytes("x")).ok());
}

TEST_CASE("behaviour 21: an append of a part honours offset and length") {
  TemporaryDirectory dir;
  auto file = make_file(dir);
  const std::string text = "0123456789";
  REQUIRE(file->append(as_bytes(text).subspan(3, 4)).ok());
  CHECK(text_of(file->published(0)) == "3456");
}

TEST_CASE("behaviour 23: flush moves the flushed position, several at once do no harm") {
  TemporaryDirectory dir;
  auto file = make_file(dir);
  REQUIRE(file->flush().ok());
  CHECK(file->flushed_position() == 0);
  REQUIRE(file->append(as_bytes("data")).ok());
  std::atomic<int> flushed{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) threads.emplace_back([&] { flushed += file->flush().ok() ? 1 : 0; });
  for (std::thread& thread : threads) thread.join();
  CHECK(flushed == 4);
  CHECK(file->flushed_position() == 4);
}

TEST_CASE("behaviour 25: readers go on unharmed while the file is shut down by another thread") {
  TemporaryDirectory dir;
  auto file = make_file(dir);
  REQUIRE(file->append(as_bytes(std::string(1000, 'r'))).ok());
  std::atomic<int> good{0}, bad{0};
  std::vector<std::thread> readers;
  for (int i = 0; i < 3; ++i) {
    readers.emplace_back([&] {
      while (file->hold()) {
        (text_of(file->published(0)) == std::string(1000, 'r') ? good : bad)++;
        file->release();
      }
    });
  }
  while (good < 100) std::this_thread::yield();
  file->shutdown();
  for (std::thread& reader : readers) reader.join();
  CHECK(bad == 0);
  CHECK_FALSE(file->mapped());
}

TEST_CASE("a file of real blocks has them when it is made, one with blocks ahead as it is written") {
  TemporaryDirectory dir;
  auto whole = make_file(dir, Blocks::kWhole);
  CHECK(posix_file_system().stat(whole->path())->allocated_bytes >= kSize);
  const std::string path = join_path(dir.path(), "00000000000016777216");
  constexpr uint64_t kLarge = 16u << 20;
  auto ahead = MappedFile::create(posix_file_system(), path, kLarge, kLarge, Blocks::kAhead);
  REQUIRE(ahead.has_value());
  CHECK(posix_file_system().stat(path)->size_bytes == kLarge);
  CHECK(posix_file_system().stat(path)->allocated_bytes < kLarge / 4);
  REQUIRE((*ahead)->append(as_bytes("x")).ok());
  const uint64_t after = posix_file_system().stat(path)->allocated_bytes;
  CHECK(after >= 64u << 10);
  CHECK(after < kLarge / 4);
}

TEST_CASE("blocks are taken before anything is written where they are") {
  TemporaryDirectory dir;
  constexpr uint64_t kBytes = 4u << 20, kStep = 5000;
  auto file = MappedFile::create(posix_file_system(), join_path(dir.path(), "0"), 0, kBytes, Blocks::kAhead);
  REQUIRE(file.has_value());
  for (uint64_t end = kStep; end < 40 * kStep; end += kStep) {
    REQUIRE((*file)->reserve(kStep).ok());
    (*file)->publish(kStep);  // without a byte of it: that would take a block
    REQUIRE(posix_file_system().stat((*file)->path())->allocated_bytes >= end);
  }
}

TEST_CASE("opening a file of another size is refused and names it") {
  TemporaryDirectory dir;
  auto file = make_file(dir);
  const auto opened = MappedFile::open(posix_file_system(), file->path(), 0, kSize * 2);
  REQUIRE_FALSE(opened.has_value());
  CHECK(opened.error().code() == Errc::kCorruption);
  CHECK(opened.error().path() == file->path());
}

TEST_CASE("making a file that exists is refused and leaves it alone") {
  TemporaryDirectory dir;
  auto file = make_file(dir);
  REQUIRE(file->append(as_bytes("precious")).ok());
  const auto again = MappedFile::create(posix_file_system(), file->path(), 0, kSize, Blocks::kWhole);
  REQUIRE_FALSE(again.has_value());
  CHECK(again.error().code() == Errc::kExists);
  CHECK(text_of(file->published(0)) == "precious");
}

TEST_CASE("zero_tail wipes what stands behind the wrote position and only that") {
  TemporaryDirectory dir;
  auto file = make_file(dir);
  REQUIRE(file->append(as_bytes(std::string(9000, 's'))).ok());
  file->set_positions(5000);
  CHECK(file->data_end(5000) == 9000);
  REQUIRE(file->zero_tail().ok());
  CHECK(file->data_end(5000) == 0);
  CHECK(text_of(file->published(0)) == std::string(5000, 's'));
  CHECK_FALSE(file->all_zeros());
  file->set_positions(0);
  REQUIRE(file->zero_tail().ok());
  CHECK(file->all_zeros());
}
