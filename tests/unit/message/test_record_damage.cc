// Every cut and every byte of small records: nothing is read behind the end (the bytes stand at the end of their
// allocation), and nothing is invented (a second, slow decoder agrees on what is a record and on each field).
#include <algorithm>
#include <catch2/catch.hpp>

#include "libstore/base/crc32.h"
#include "libstore/message/record_parser.h"
#include "tests/unit/message/record_samples.h"

using namespace mqctl;
using namespace mqctl::test;

namespace {

struct Shape {
  int version;
  bool born_v6, store_v6, property_crc;
};

std::vector<Shape> all_shapes() {
  std::vector<Shape> shapes;
  for (int bits = 0; bits < 16; ++bits) {
    shapes.push_back({1 + bits % 2, (bits & 2) != 0, (bits & 4) != 0, (bits & 8) != 0});
  }
  return shapes;
}

std::vector<std::byte> bytes_of(const Shape& shape) {
  return small_record(shape.version, shape.born_v6, shape.store_v6, shape.property_crc);
}

constexpr CrcCheck kChecks[] = {CrcCheck::kNone, CrcCheck::kBody, CrcCheck::kBodyAndProperties};

bool is_framed(RecordStatus status) {
  return status == RecordStatus::kRecord || status == RecordStatus::kBadBodyCrc ||
         status == RecordStatus::kBadPropertyCrc;
}

// What is wrong with our reading of the bytes, or null. One check a call of parse_record would drown Catch2.
const char* fault_of(Bytes bytes, CrcCheck check) {
  MessageView view;
  const RecordStatus status = parse_record(bytes, check, view);
  const std::optional<MessageView> slow = read_slowly(bytes);
  if (is_framed(status) != slow.has_value()) return "a record to one decoder only";
  if (slow && !same_reading(view, *slow)) return "a field differs";
  const bool body_bad = slow && !slow->body.empty() && masked_crc32(slow->body) != slow->body_crc;
  if (check == CrcCheck::kNone && is_framed(status) && status != RecordStatus::kRecord) return "CRC checked unasked";
  if (check != CrcCheck::kNone && body_bad != (status == RecordStatus::kBadBodyCrc)) return "body CRC misjudged";
  if (check != CrcCheck::kBodyAndProperties && status == RecordStatus::kBadPropertyCrc) return "property CRC unasked";
  const bool claims_more = bytes.size() >= 8 && read_claim(bytes).total_size > static_cast<int64_t>(bytes.size());
  if (status == RecordStatus::kTruncated && bytes.size() >= 8 && !claims_more) return "truncated, but nothing missing";
  return nullptr;
}

const char* fault_of(Bytes bytes) {
  for (const CrcCheck check : kChecks) {
    if (const char* fault = fault_of(bytes, check)) return fault;
  }
  return nullptr;
}

void set_each_byte_to_each_value(ExactBytes& bytes) {
  for (size_t at = 0; at < bytes.view().size(); ++at) {
    const std::byte original = bytes[at];
    for (int value = 0; value < 256; ++value) {
      bytes[at] = static_cast<std::byte>(value);
      if (const char* fault = fault_of(bytes.view())) FAIL_CHECK("byte " << at << " = " << value << ": " << fault);
    }
    bytes[at] = original;
  }
}

}  // namespace

TEST_CASE("A record cut anywhere is truncated, and nothing else") {
  for (const Shape& shape : all_shapes()) {
    const std::vector<std::byte> whole = bytes_of(shape);
    for (size_t length = 0; length < whole.size(); ++length) {
      const ExactBytes cut(Bytes(whole).first(length));
      // The first bytes of a small size are zeros, as of space never written.
      const bool zeros = std::all_of(whole.begin(), whole.begin() + static_cast<ptrdiff_t>(length),
                                     [](std::byte byte) { return byte == std::byte{0}; });
      MessageView view;
      for (const CrcCheck check : kChecks) {
        const RecordStatus found = parse_record(cut.view(), check, view);
        if (found != (zeros ? RecordStatus::kEmpty : RecordStatus::kTruncated)) {
          FAIL_CHECK("cut to " << length << ": " << describe(found));
        }
      }
      CHECK(plausible_head(cut.view(), whole.size()));
    }
  }
}

TEST_CASE("A record with any one byte changed is read as the slow decoder reads it", "[exhaustive]") {
  for (const Shape& shape : all_shapes()) {
    ExactBytes bytes(bytes_of(shape));
    REQUIRE(fault_of(bytes.view()) == nullptr);
    set_each_byte_to_each_value(bytes);
  }
}

TEST_CASE("The same with another record behind it, which a larger size would reach into", "[exhaustive]") {
  for (const Shape& shape : all_shapes()) {
    std::vector<std::byte> two = bytes_of(shape);
    const std::vector<std::byte> second = bytes_of({1, false, false, false});
    two.insert(two.end(), second.begin(), second.end());
    ExactBytes bytes(two);
    set_each_byte_to_each_value(bytes);
  }
}

TEST_CASE("Records with several bytes changed and cut somewhere are read as the slow decoder reads them") {
  constexpr uint64_t kSeed = 20231114;
  std::mt19937_64 random(kSeed);
  const std::vector<Shape> shapes = all_shapes();
  for (int round = 0; round < 100000; ++round) {
    const std::vector<std::byte> whole = bytes_of(shapes[random() % shapes.size()]);
    const size_t length = random() % 2 == 0 ? whole.size() : random() % (whole.size() + 1);
    ExactBytes bytes(Bytes(whole).first(length));
    for (uint64_t left = 1 + random() % 4; left > 0 && length > 0; --left) {
      const size_t at = random() % length;
      bytes[at] = static_cast<std::byte>(random() % 3 == 0 ? random() % 2 * 255 : random());
    }
    if (const char* fault = fault_of(bytes.view())) FAIL_CHECK("seed " << kSeed << " round " << round << ": " << fault);
  }
}

TEST_CASE("Any changed body byte is a body CRC mismatch") {
  for (const Shape& shape : all_shapes()) {
    const std::vector<std::byte> whole = bytes_of(shape);
    ExactBytes bytes(whole);
    const size_t body_at = RecordLayout::body_length_at(shape.born_v6 ? 20 : 8, shape.store_v6 ? 20 : 8) + 4;
    for (size_t at = body_at; at < body_at + 2; ++at) {
      for (int change = 1; change < 256; ++change) {
        bytes[at] = whole[at] ^ static_cast<std::byte>(change);
        MessageView view;
        if (parse_record(bytes.view(), CrcCheck::kBody, view) != RecordStatus::kBadBodyCrc) FAIL_CHECK("missed");
      }
      bytes[at] = whole[at];
    }
  }
}

TEST_CASE("With the CRC property any changed byte is noticed") {
  for (const Shape& shape : all_shapes()) {
    if (!shape.property_crc) continue;
    const std::vector<std::byte> whole = bytes_of(shape);
    ExactBytes bytes(whole);
    // Behind the covered bytes: a changed name or separator makes the appendix another property, not a wrong one.
    const size_t digits_at = whole.size() - 11, digits_end = whole.size() - 1;
    for (size_t at = 0; at < digits_end; ++at) {
      if (at >= whole.size() - 20 && at < digits_at) continue;
      for (int bit = 0; bit < 8; ++bit) {
        bytes[at] = whole[at] ^ static_cast<std::byte>(1 << bit);
        MessageView view;
        const RecordStatus status = parse_record(bytes.view(), CrcCheck::kBodyAndProperties, view);
        // The separator in front makes the appendix an item of its own.
        if (status == RecordStatus::kRecord && at != whole.size() - 21) FAIL_CHECK("byte " << at << " bit " << bit);
      }
      bytes[at] = whole[at];
    }
  }
}

TEST_CASE("Random bytes behind a sound size and magic never make a record that is not there") {
  constexpr uint64_t kSeed = 42;
  std::mt19937_64 random(kSeed);
  for (int round = 0; round < 20000; ++round) {
    std::vector<std::byte> raw(8 + random() % 200);
    for (std::byte& byte : raw) byte = static_cast<std::byte>(random());
    store_be(raw.data(), static_cast<int32_t>(raw.size()));
    store_be(raw.data() + 4, random() % 2 == 0 ? kMagicV1 : kMagicV2);
    const ExactBytes bytes(raw);
    if (const char* fault = fault_of(bytes.view())) FAIL_CHECK("seed " << kSeed << " round " << round << ": " << fault);
  }
}
