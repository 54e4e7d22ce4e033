// ConsumeQueueExt: behaviour 48 of Apache's ConsumeQueueExtTest, as far as reading goes.
#include <catch2/catch.hpp>
#include <limits>

#include "libstore/index/consume_queue_ext.h"
#include "tests/unit/support/golden_store.h"

using namespace mqctl;
using namespace mqctl::test;

namespace {

constexpr size_t kFile = 128;

ConsumeQueueExtUnit unit_of(int number) {
  ConsumeQueueExtUnit unit;
  unit.tags_code = number * 1000003;
  unit.stored = EpochMs(1700000000000 + number);
  unit.filter_bit_map.assign(static_cast<size_t>(number % 3) * 8, std::byte{0x5a});
  return unit;
}

std::vector<std::byte> encode(const ConsumeQueueExtUnit& unit) {
  std::vector<std::byte> bytes(unit.encoded_bytes());
  store_be(bytes.data(), static_cast<int16_t>(bytes.size()));
  store_be(bytes.data() + 2, unit.tags_code);
  store_be(bytes.data() + 10, unit.stored.value());
  store_be(bytes.data() + 18, static_cast<int16_t>(unit.filter_bit_map.size()));
  std::copy(unit.filter_bit_map.begin(), unit.filter_bit_map.end(), bytes.begin() + 20);
  return bytes;
}

// Units laid out as Apache does: a file ends with a size of -1 where the next one does not fit with 4 bytes to spare.
struct ExtFiles {
  std::vector<std::vector<std::byte>> files{1};
  std::vector<int64_t> addresses;

  explicit ExtFiles(int units) {
    for (int i = 0; i < units; ++i) {
      const std::vector<std::byte> bytes = encode(unit_of(i));
      if (bytes.size() > kFile - files.back().size() - 4) next_file();
      addresses.push_back(extension_address(static_cast<int64_t>((files.size() - 1) * kFile + files.back().size())));
      append(files.back(), bytes);
    }
    end = extension_address(static_cast<int64_t>((files.size() - 1) * kFile + files.back().size()));
    files.back().resize(kFile);
  }
  void next_file() {
    const size_t at = files.back().size();
    files.back().resize(kFile);
    store_be<int16_t>(files.back().data() + at, -1);
    files.emplace_back();
  }
  void write(const std::string& directory) const {
    for (size_t i = 0; i < files.size(); ++i) {
      const std::string digits = std::to_string(i * kFile);
      write_file(directory + "/" + std::string(20 - digits.size(), '0') + digits, files[i]);
    }
  }
  int64_t end = 0;
};

}  // namespace

TEST_CASE("behaviour 48: an address is below every tags code") {
  CHECK(is_extension_address(INT64_MIN));
  CHECK(is_extension_address(int64_t{INT32_MIN} - 1));
  CHECK_FALSE(is_extension_address(INT32_MIN));
  CHECK_FALSE(is_extension_address(-1));
  CHECK_FALSE(is_extension_address(0));
  CHECK(extension_address(0) == INT64_MIN);
  CHECK(extension_offset(int64_t{INT32_MIN} - 1) == 9223372034707292159);
  CHECK(extension_address(9223372034707292159) == -2147483649);
}

TEST_CASE("behaviour 48: units read back equal, over several files") {
  TemporaryDirectory dir;
  const ExtFiles written(20);
  written.write(dir.path());
  REQUIRE(written.files.size() > 3);
  const Result<ConsumeQueueExt> ext = ConsumeQueueExt::open(posix_file_system(), dir.path());
  REQUIRE(ext.has_value());
  for (int i = 0; i < 20; ++i) {
    const Result<ConsumeQueueExtUnit> unit = ext->read(written.addresses[static_cast<size_t>(i)]);
    REQUIRE(unit.has_value());
    CHECK(*unit == unit_of(i));
  }
  CHECK(*ext->max_address() == written.end);
}

TEST_CASE("behaviour 48: what is no address, or lies beyond the end, reads nothing") {
  TemporaryDirectory dir;
  const ExtFiles written(5);
  written.write(dir.path());
  const Result<ConsumeQueueExt> ext = ConsumeQueueExt::open(posix_file_system(), dir.path());
  REQUIRE(ext.has_value());
  CHECK(ext->read(0).error().code() == Errc::kInvalidArgument);
  CHECK(ext->read(INT32_MIN).error().code() == Errc::kInvalidArgument);
  CHECK(ext->read(written.end).error().code() == Errc::kCorruption);
  CHECK(ext->read(extension_address(1 << 20)).error().code() == Errc::kNotFound);
  CHECK(ext->read(-2147483649).error().code() == Errc::kNotFound);
}

TEST_CASE("An extension file cut anywhere gives the whole units before the cut") {
  const ExtFiles written(4);
  for (size_t cut = 0; cut <= kFile; ++cut) {
    TemporaryDirectory dir;
    ExtFiles damaged = written;
    damaged.files.resize(1);
    damaged.files[0].resize(cut);
    damaged.write(dir.path());
    const Result<ConsumeQueueExt> ext = ConsumeQueueExt::open(posix_file_system(), dir.path());
    REQUIRE(ext.has_value());
    int64_t end = INT64_MIN;
    for (int i = 0; i < 4; ++i) {
      const int64_t address = written.addresses[static_cast<size_t>(i)];
      if (extension_offset(address) >= static_cast<int64_t>(kFile)) continue;
      const int64_t behind = address + static_cast<int64_t>(unit_of(i).encoded_bytes());
      const bool whole = extension_offset(behind) <= static_cast<int64_t>(cut);
      CHECK(ext->read(address).has_value() == whole);
      if (whole) end = behind;
    }
    CHECK(*ext->max_address() == end);
  }
}

TEST_CASE("Without a directory there are no extension units") {
  TemporaryDirectory dir;
  CHECK(ConsumeQueueExt::open(posix_file_system(), dir.path() + "/none").error().code() == Errc::kNotFound);
}
