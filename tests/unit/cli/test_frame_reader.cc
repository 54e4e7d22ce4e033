// The bytes of a connection: cut anywhere, too many, or not frames at all.
#include <catch2/catch.hpp>

#include "cli/remoting/frame_codec.h"
#include "cli/remoting/frame_reader.h"
#include "wire_captures.h"

namespace mqctl {
namespace {

using Step = FrameReader::Step;

std::string be32(size_t value) {
  std::string bytes(4, '\0');
  store_be(reinterpret_cast<std::byte*>(bytes.data()), static_cast<uint32_t>(value));
  return bytes;
}

std::string json_frame(std::string_view header, std::string_view body = {}) {
  return be32(4 + header.size() + body.size()) + be32(header.size()) + std::string(header) + std::string(body);
}

void feed(FrameReader& reader, std::string_view bytes) {
  const std::span<char> room = reader.room();
  REQUIRE(room.size() >= bytes.size());
  reader.filled(bytes.copy(room.data(), bytes.size()));
}

// What a connection that sends this comes to.
Step outcome(std::string_view bytes, size_t limit = kMaxFrameBytes) {
  FrameReader reader(limit);
  std::string_view frame;
  Step step = Step::kNeedsMore;
  while (step == Step::kNeedsMore && !bytes.empty()) {
    const std::span<char> room = reader.room();
    const size_t count = bytes.copy(room.data(), room.size());
    reader.filled(count);
    bytes.remove_prefix(count);
    step = reader.next(frame);
  }
  return step;
}

}  // namespace

TEST_CASE("a frame needs every one of its bytes") {
  for (const test::CapturedFrame& captured : test::captures_of_each_kind(12000)) {
    INFO(captured.where);
    FrameReader reader;
    std::string_view frame;
    size_t early = 0;
    for (size_t i = 0; i + 1 < captured.bytes.size(); ++i) {
      feed(reader, {&captured.bytes[i], 1});
      if (reader.next(frame) != Step::kNeedsMore) ++early;
    }
    CHECK(early == 0);
    feed(reader, {&captured.bytes.back(), 1});
    CHECK(reader.next(frame) == Step::kFrame);
    CHECK(frame == captured.bytes);
    CHECK(reader.next(frame) == Step::kNeedsMore);
  }
}

TEST_CASE("a wrong length is the start of a longer frame, a shorter frame, or refused") {
  const auto mask = GENERATE(as<unsigned char>(), 0x01, 0x80, 0xFF);
  for (const test::CapturedFrame& captured : test::captures_of_each_kind(1000)) {
    for (size_t at = 0; at < kFrameLengthBytes; ++at) {
      std::string damaged = captured.bytes;
      damaged[at] = static_cast<char>(static_cast<unsigned char>(damaged[at]) ^ mask);
      const Result<size_t> claimed = frame_bytes(damaged.data());
      const Step expected = !claimed ? Step::kRefused : *claimed > damaged.size() ? Step::kNeedsMore : Step::kFrame;
      CHECK(outcome(damaged) == expected);
    }
  }
}

TEST_CASE("a length claimed takes no memory before its bytes come") {
  FrameReader reader;
  std::string_view frame;
  feed(reader, be32(kMaxFrameBytes - 4) + "x");
  CHECK(reader.next(frame) == Step::kNeedsMore);
  CHECK(reader.room().size() <= 8192);
  CHECK(reader.capacity() <= 8192);
}

TEST_CASE("the reader's own limit counts the length field") {
  const std::string frame = json_frame("{}", std::string(990, 'b'));
  REQUIRE(frame.size() == 1000);
  CHECK(outcome(frame, 1000) == Step::kFrame);
  CHECK(outcome(frame, 999) == Step::kRefused);
}

TEST_CASE("the largest frame passes, and its memory goes back") {
  const std::string header = R"({"code":10,"opaque":1})";
  std::string bytes = json_frame(header, std::string(kMaxFrameBytes - 8 - header.size(), 'b'));
  REQUIRE(bytes.size() == kMaxFrameBytes);
  bytes += json_frame(header);
  FrameReader reader;
  std::string_view rest = bytes, frame;
  while (reader.next(frame) == Step::kNeedsMore) {
    const std::span<char> room = reader.room();
    REQUIRE(!room.empty());
    reader.filled(rest.copy(room.data(), room.size()));
    rest.remove_prefix(std::min(rest.size(), room.size()));
    REQUIRE(reader.capacity() <= kMaxFrameBytes);
  }
  CHECK(frame.size() == kMaxFrameBytes);
  CHECK(decode_frame(frame)->body.size() == kMaxFrameBytes - 8 - header.size());
  CHECK(reader.next(frame) == Step::kNeedsMore);
  feed(reader, rest);
  CHECK(reader.next(frame) == Step::kFrame);
  reader.room();
  CHECK(reader.capacity() <= 256u << 10);
}

TEST_CASE("what else speaks is named") {
  const auto refusal = [](std::string_view bytes) {
    FrameReader reader;
    std::string_view frame;
    feed(reader, bytes);
    return reader.next(frame) == Step::kRefused ? reader.refusal() : "";
  };
  using Catch::Contains;
  CHECK_THAT(refusal("\x16\x03\x01\x02\x3F\x01"), Contains("TLS"));
  CHECK_THAT(refusal("GET / HTTP/1.1\r\n"), Contains("HTTP"));
  CHECK_THAT(refusal("POST /x HTTP/1.1\r\n"), Contains("HTTP"));
  CHECK_THAT(refusal("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), Contains("gRPC"));
  CHECK_THAT(refusal("PROXY TCP4 1.2.3.4"), Contains("PROXY"));
  CHECK_THAT(refusal("\r\n\r\nabcd"), Contains("PROXY"));
  CHECK_THAT(refusal("SSH-2.0-x"), Contains("frame length"));
  CHECK(refusal(json_frame("{}")).empty());
}

TEST_CASE("who was refused stays so") {
  FrameReader reader;
  std::string_view frame;
  feed(reader, "GET / HTTP/1.1\r\n");
  CHECK(reader.next(frame) == Step::kRefused);
  feed(reader, json_frame("{}"));
  CHECK(reader.next(frame) == Step::kRefused);
}

}  // namespace mqctl
