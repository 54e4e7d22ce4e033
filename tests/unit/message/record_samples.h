// Records for the tests of this room: a random but repeatable draft, its bytes, and a second decoder that is slow,
// plain and written from docs/store-format.md alone, to hold parse_record against.
#pragma once

#include <cstring>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "libstore/message/message_encoder.h"
#include "libstore/message/message_view.h"

namespace mqctl::test {

// Bytes on the heap in an allocation of exactly their size, so that the address sanitizer sees a read behind them.
class ExactBytes {
 public:
  explicit ExactBytes(Bytes bytes) : size_(bytes.size()), data_(new std::byte[bytes.size()]) {
    if (size_ != 0) std::memcpy(data_.get(), bytes.data(), size_);
  }
  Bytes view() const { return {data_.get(), size_}; }
  std::byte& operator[](size_t at) { return data_[at]; }

 private:
  size_t size_;
  std::unique_ptr<std::byte[]> data_;
};

struct RecordFrame {  // what the broker adds
  QueueOffset queue_offset;
  PhysicalOffset physical_offset;
  EpochMs stored;
};

// A draft that owns what it views. Not to be copied.
class SampleDraft {
 public:
  explicit SampleDraft(MessageDraft fields) : draft(fields) {}
  SampleDraft(std::mt19937_64& random);
  SampleDraft(const SampleDraft&) = delete;
  SampleDraft& operator=(const SampleDraft&) = delete;

  MessageDraft draft;
  RecordFrame frame;
  bool property_crc = false;
  std::vector<std::byte> encode() const;

 private:
  std::string topic_, body_, properties_;
};

// The smallest records that have everything: body "ab", topic "T" (version 2: 128 bytes), one property.
std::vector<std::byte> small_record(int version, bool born_v6, bool store_v6, bool property_crc);

// Properties written readably: '=' stands for 0x01, ';' for 0x02.
std::string props(std::string_view readable);
// Blanks and newlines between digits do not matter.
std::vector<std::byte> from_hex(std::string_view hex);

// The reading of the bytes as one whole record with anything behind it, or none. Does not look at CRCs.
std::optional<MessageView> read_slowly(Bytes bytes);
// Whether all fields are the same, and the views are the same bytes.
bool same_reading(const MessageView& a, const MessageView& b);

}  // namespace mqctl::test
