#include <catch2/catch.hpp>
#include <string>

#include "libstore/os/replace_file.h"
#include "libstore/store/delay_offset.h"
#include "libstore/store/lenient_json.h"
#include "tests/unit/support/golden_store.h"

using namespace mqctl;

namespace {

void write(const std::string& path, std::string_view text) {
  REQUIRE(posix_file_system().create_directories(parent_path(path)).ok());
  REQUIRE(replace_file(posix_file_system(), path, text, Backup::kNone).ok());
}

DelayOffsets load(const test::TemporaryDirectory& store) {
  Result<DelayOffsets> offsets = load_delay_offsets(posix_file_system(), store.path());
  REQUIRE(offsets.has_value());
  return *offsets;
}

// As a genuine broker wrote it.
constexpr std::string_view kFile =
    "{\n\t\"dataVersion\":{\n\t\t\"counter\":3,\n\t\t\"stateVersion\":0,\n\t\t\"timestamp\":1795420147878\n\t},\n"
    "\t\"offsetTable\":{\n\t\t1:17,\n\t\t2:6,\n\t\t18:0\n\t}\n}";

}  // namespace

TEST_CASE("a store without the file has no progress") { CHECK(load(test::TemporaryDirectory()).empty()); }

TEST_CASE("levels with unquoted keys are read") {
  test::TemporaryDirectory store;
  write(delay_offset_file(store.path()), kFile);
  CHECK(load(store) == DelayOffsets{{1, QueueOffset(17)}, {2, QueueOffset(6)}, {18, QueueOffset(0)}});
}

TEST_CASE("what was saved is loaded, and the data version moves on") {
  test::TemporaryDirectory store;
  write(delay_offset_file(store.path()), kFile);
  const DelayOffsets offsets{{1, QueueOffset(18)}, {3, QueueOffset(1)}};
  REQUIRE(save_delay_offsets(posix_file_system(), store.path(), offsets, EpochMs(1700000000000)).ok());
  CHECK(load(store) == offsets);
  const std::string text = *read_whole_file(posix_file_system(), delay_offset_file(store.path()), 1 << 20);
  CHECK(ConfigJson::parse(text)["dataVersion"] ==
        ConfigJson::parse(R"({"counter":4,"stateVersion":0,"timestamp":1700000000000})"));
  CHECK(*read_whole_file(posix_file_system(), delay_offset_file(store.path()) + ".bak", 1 << 20) == kFile);
}

TEST_CASE("entries that are no numbers are left out") {
  test::TemporaryDirectory store;
  write(delay_offset_file(store.path()), R"({"offsetTable":{"1":5,"x":1,"2":"3","3":null,"99999999999":1}})");
  CHECK(load(store) == DelayOffsets{{1, QueueOffset(5)}});
}

TEST_CASE("a broken file is read from its backup") {
  test::TemporaryDirectory store;
  write(delay_offset_file(store.path()), "{\"offsetTable\":[]}");
  write(delay_offset_file(store.path()) + ".bak", kFile);
  CHECK(load(store).size() == 3);
}

TEST_CASE("each cut and each flipped byte of the progress file is read or refused") {
  test::TemporaryDirectory store;
  const std::string file(kFile);
  for (size_t at = 0; at < file.size(); ++at) {
    std::string changed = file;
    changed[at] = static_cast<char>(changed[at] ^ (1 << (at % 8)));
    for (const std::string& text : {file.substr(0, at), changed}) {
      write(delay_offset_file(store.path()), text);
      Result<DelayOffsets> offsets = load_delay_offsets(posix_file_system(), store.path());
      if (!offsets) CHECK(offsets.error().code() == Errc::kCorruption);
    }
  }
}

TEST_CASE("brokers' progress files are read") {
  for (const char* name : test::kGoldenSets) {
    const test::GoldenStore golden(name);
    CHECK(load_delay_offsets(posix_file_system(), golden.root()).has_value());
  }
  const test::GoldenStore mixed("apache-5.5.0-mixed");
  CHECK(*load_delay_offsets(posix_file_system(), mixed.root()) ==
        DelayOffsets{{1, QueueOffset(17)}, {2, QueueOffset(6)}, {18, QueueOffset(0)}});
}
