#include <catch2/catch.hpp>
#include <cstring>
#include <fstream>
#include <sstream>

#include "libstore/os/file_system.h"
#include "tests/unit/support/golden_store.h"

using namespace mqctl;
using namespace mqctl::test;

namespace {

constexpr size_t kSize = 3 * 4096 + 100;

struct Mapped {
  Mapped() {
    REQUIRE(file->resize(kSize).ok());
    Result<std::unique_ptr<MappedRegion>> mapped = file->map(MapMode::kReadWrite, kSize);
    REQUIRE(mapped.has_value());
    region = std::move(*mapped);
  }
  std::string read(uint64_t position, size_t length) const {
    std::string text(length, '\0');
    REQUIRE(file->read_at(position, {reinterpret_cast<std::byte*>(text.data()), length}).has_value());
    return text;
  }
  void write(size_t position, std::string_view text) const {
    std::memcpy(region->data() + position, text.data(), text.size());
  }

  TemporaryDirectory directory;
  std::string path = directory.path() + "/f";
  std::unique_ptr<File> file = std::move(*posix_file_system().open(path, OpenMode::kCreateExclusive));
  std::unique_ptr<MappedRegion> region;
};

// As the kernel counts it.
int dirty_kib(const MappedRegion& region) {
  std::ifstream maps("/proc/self/smaps");
  std::ostringstream begin;
  begin << std::hex << reinterpret_cast<uintptr_t>(region.data()) << '-';
  std::string line;
  while (std::getline(maps, line) && line.find(begin.str()) != 0) {
  }
  int dirty = 0;
  while (std::getline(maps, line) && line.find("VmFlags") == std::string::npos) {
    if (line.starts_with("Shared_Dirty:") || line.starts_with("Private_Dirty:"))
      dirty += std::stoi(line.substr(line.find(':') + 1));
  }
  return dirty;
}

}  // namespace

TEST_CASE("What is written to the mapping is in the file, and the other way round") {
  const Mapped mapped;
  CHECK(mapped.region->size() == kSize);
  mapped.write(4090, "across pages");
  CHECK(mapped.read(4090, 12) == "across pages");
  REQUIRE(mapped.file->write_at(5, as_bytes("file")).ok());
  CHECK(as_text({mapped.region->data() + 5, 4}) == "file");
}

TEST_CASE("Any range is synced, also one that reaches beyond the end") {
  const Mapped mapped;
  mapped.write(0, "x");
  const std::pair<size_t, size_t> ranges[] = {{0, 1},         {1, 4096},        {4095, 2},         {0, kSize},
                                              {kSize - 1, 1}, {kSize - 1, 999}, {kSize + 5000, 1}, {17, SIZE_MAX}};
  for (const auto& [position, length] : ranges) CHECK(mapped.region->sync(position, length).ok());
}

TEST_CASE("Pages touched ahead keep their bytes") {
  const Mapped mapped;
  mapped.write(4096, "stays");
  mapped.region->populate_write(0, kSize);
  mapped.region->populate_write(4096, SIZE_MAX);
  mapped.region->populate_write(kSize + 1, 1);
  CHECK(mapped.read(4096, 5) == "stays");
  CHECK(*mapped.file->size() == kSize);
}

TEST_CASE("Pages marked as written keep their bytes, and a sync has something to write") {
  const Mapped mapped;
  mapped.write(4096, "stays");
  REQUIRE(mapped.file->sync().ok());
  REQUIRE(dirty_kib(*mapped.region) == 0);
  mapped.region->mark_written(4090, 10);
  CHECK(dirty_kib(*mapped.region) == 8);
  mapped.region->mark_written(0, SIZE_MAX);
  mapped.region->mark_written(kSize + 1, 1);
  CHECK(dirty_kib(*mapped.region) == 16);
  CHECK(mapped.read(4096, 5) == "stays");
}

TEST_CASE("A mapping outlives its file's descriptor and name") {
  Mapped mapped;
  mapped.write(0, "here");
  mapped.file.reset();
  REQUIRE(posix_file_system().remove(mapped.path).ok());
  CHECK(as_text({mapped.region->data(), 4}) == "here");
}

TEST_CASE("A mapping for reading sees the file") {
  const Mapped mapped;
  mapped.write(10, "seen");
  const auto file = std::move(*posix_file_system().open(mapped.path, OpenMode::kRead));
  const auto region = std::move(*file->map(MapMode::kRead, kSize));
  CHECK(as_text({region->data() + 10, 4}) == "seen");
  const auto refused = file->map(MapMode::kReadWrite, kSize);
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().code() == Errc::kPermission);
  CHECK(refused.error().path() == mapped.path);
}

TEST_CASE("Nothing cannot be mapped") { CHECK_FALSE(Mapped().file->map(MapMode::kRead, 0).has_value()); }
