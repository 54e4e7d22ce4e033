#include <catch2/catch.hpp>
#include <random>

#include "libstore/message/client_batch.h"
#include "tests/unit/message/record_samples.h"

using namespace mqctl;
using namespace mqctl::test;

namespace {

std::string two_items() {
  std::string encoded;
  append_batch_item(encoded, {7, as_bytes("body"), props("n=v;")});
  append_batch_item(encoded, {-1, {}, {}});
  return encoded;
}

}  // namespace

TEST_CASE("A batch is encoded byte for byte") {
  const std::vector<std::byte> expected = from_hex(
      "0000001e 00000000 00000000 00000007 00000004 626f6479 0004 6e017602"
      "00000016 00000000 00000000 ffffffff 00000000 0000");
  CHECK(two_items() == as_text(expected));
}

TEST_CASE("The items of a batch come back; none for none") {
  const std::string encoded = two_items();
  const ExactBytes bytes(as_bytes(encoded));
  const Result<std::vector<BatchItem>> items = decode_client_batch(bytes.view());
  REQUIRE(items.has_value());
  REQUIRE(items->size() == 2);
  CHECK((*items)[0].flag == 7);
  CHECK(as_text((*items)[0].body) == "body");
  CHECK((*items)[0].properties == props("n=v;"));
  CHECK((*items)[1].flag == -1);
  CHECK((*items)[1].body.empty());
  CHECK((*items)[1].properties.empty());
  CHECK(decode_client_batch({})->empty());
}

TEST_CASE("A batch cut anywhere but between items is corrupt, and the item is named") {
  const std::string encoded = two_items();
  for (size_t length = 1; length < encoded.size(); ++length) {
    const ExactBytes cut(as_bytes(encoded).first(length));
    const Result<std::vector<BatchItem>> items = decode_client_batch(cut.view());
    CHECK(items.has_value() == (length == 30));
    if (items) continue;
    CHECK(items.error().code() == Errc::kCorruption);
    const std::string place = length < 30 ? "batch item 1, at byte 0: " : "batch item 2, at byte 30: ";
    CHECK(items.error().message() == place + "lengths that contradict each other");
  }
}

TEST_CASE("Any value of any byte is read within bounds, and encodes to the same items again") {
  ExactBytes bytes(as_bytes(two_items()));
  for (size_t at = 0; at < bytes.view().size(); ++at) {
    const std::byte original = bytes[at];
    for (int value = 0; value < 256; ++value) {
      bytes[at] = static_cast<std::byte>(value);
      const Result<std::vector<BatchItem>> items = decode_client_batch(bytes.view());
      if (!items) continue;
      std::string again;
      for (const BatchItem& item : *items) append_batch_item(again, item);
      // Magic and CRC of an item are not looked at, and written as 0.
      if (again.size() != bytes.view().size()) FAIL_CHECK("byte " << at << " = " << value);
    }
    bytes[at] = original;
  }
}

TEST_CASE("An item smaller than its own fields is corrupt, whatever its body length claims") {
  for (int32_t total = -1; total < 22; ++total) {
    for (const int32_t body : {INT32_MIN, -1, 0, 1, 8, 100, INT32_MAX}) {
      std::vector<std::byte> raw(30);
      store_be(raw.data(), total);
      store_be(raw.data() + 16, body);
      const ExactBytes bytes(raw);
      CHECK_FALSE(decode_client_batch(bytes.view()).has_value());
    }
  }
}
