// Frames that lie, are cut or damaged: an error or a frame, and nothing read that is not theirs. The exact heap blocks
// that frames are copied into here let the sanitizers see a byte too far.
#include <catch2/catch.hpp>
#include <memory>
#include <span>

#include "cli/remoting/frame_codec.h"
#include "wire_captures.h"

namespace mqctl {
namespace {

std::string be32(uint32_t value) {
  std::string bytes(4, '\0');
  store_be(reinterpret_cast<std::byte*>(bytes.data()), value);
  return bytes;
}
std::string be16(uint16_t value) { return be32(value).substr(2); }

std::string frame_of(std::string_view header, uint32_t type, std::string_view body = {}) {
  return be32(static_cast<uint32_t>(4 + header.size() + body.size())) +
         be32(static_cast<uint32_t>(header.size()) | type << 24) + std::string(header) + std::string(body);
}
std::string json_frame(std::string_view header, std::string_view body = {}) { return frame_of(header, 0, body); }

// code 10, JAVA, version 479, opaque 7, flag 0; then what the caller says of remark and fields.
std::string binary_frame(std::string_view rest) {
  return frame_of(be16(10) + std::string(1, '\0') + be16(479) + be32(7) + be32(0) + std::string(rest), 1);
}

// Whether it is taken; each byte of what it says is read.
bool decodes(std::string_view frame) {
  const auto exact = std::make_unique<char[]>(frame.size());
  frame.copy(exact.get(), frame.size());
  const Result<ReceivedCommand> command = decode_frame({exact.get(), frame.size()});
  if (!command) {
    CHECK(!command.error().message().empty());
    return false;
  }
  std::string said(command->remark);
  for (const auto& [name, value] : command->ext) said.append(name).append(value);
  said += as_text(command->body);
  return said.size() <= frame.size() * 2;
}

ReceivedCommand decoded(std::string_view frame) {
  Result<ReceivedCommand> command = decode_frame(frame);
  if (!command) FAIL(command.error().message());
  return std::move(*command);
}

}  // namespace

TEST_CASE("a header that is cut inside its frame is an error") {
  for (const test::CapturedFrame& captured : test::captures_of_each_kind(1500)) {
    INFO(captured.where);
    const uint32_t word = load_be<uint32_t>(as_bytes(captured.bytes), 4);
    std::string header = captured.bytes.substr(8, word & 0xFFFFFF);
    if (header.ends_with("}\n")) header.pop_back();  // jsoncpp's line end, which nobody misses
    size_t taken = 0;
    for (size_t cut = 0; cut < header.size(); ++cut)
      taken += decodes(frame_of(header.substr(0, cut), word >> 24)) ? 1u : 0u;
    CHECK(taken == 0);
  }
}

TEST_CASE("a frame with any byte changed behind its length is a frame or an error") {
  const auto mask = GENERATE(as<unsigned char>(), 0x01, 0x80, 0xFF);
  for (const test::CapturedFrame& captured : test::captures_of_each_kind(1000)) {
    std::string damaged = captured.bytes;
    for (char& byte : std::span(damaged).subspan(kFrameLengthBytes)) {
      const char good = byte;
      byte = static_cast<char>(static_cast<unsigned char>(good) ^ mask);
      decodes(damaged);
      byte = good;
    }
  }
}

TEST_CASE("frame lengths") {
  const auto takes = [](uint32_t length) { return frame_bytes(be32(length).data()).has_value(); };
  CHECK_FALSE(takes(0));
  CHECK_FALSE(takes(3));
  CHECK(takes(4));
  CHECK(takes(kMaxFrameBytes - 4));
  CHECK_FALSE(takes(kMaxFrameBytes - 3));
  CHECK_FALSE(takes(0x7FFFFFFF));
  CHECK_FALSE(takes(0x80000000));
  CHECK_FALSE(takes(0xFFFFFFFF));
}

TEST_CASE("a header length is checked against its frame, and the codec's number") {
  const std::string header = R"({"code":1})";
  CHECK(decodes(json_frame(header)));
  CHECK(decodes(json_frame(header, "body")));
  std::string lying = json_frame(header);
  lying.replace(4, 4, be32(static_cast<uint32_t>(header.size() + 1)));
  CHECK_FALSE(decodes(lying));
  lying.replace(4, 4, be32(0xFFFFFF));
  CHECK_FALSE(decodes(lying));
  for (const uint32_t type : {2u, 127u, 255u}) CHECK_FALSE(decodes(frame_of(header, type)));
  CHECK_FALSE(decodes(json_frame("")));
  CHECK_FALSE(decodes(frame_of("", 1)));
}

TEST_CASE("lengths in a ROCKETMQ header are checked against what is left") {
  const std::string none = be32(0);
  CHECK(decodes(binary_frame(none + none)));
  CHECK_FALSE(decodes(binary_frame(be32(1) + none)));
  for (const uint32_t length : {5u, 0x7FFFFFFFu, 0x80000000u, 0xFFFFFFFFu}) {
    CHECK_FALSE(decodes(binary_frame(be32(length) + none)));
    CHECK_FALSE(decodes(binary_frame(none + be32(length) + "abc")));
    CHECK_FALSE(decodes(binary_frame(none + be32(9) + be16(1) + "k" + be32(length) + "vv")));
  }
  for (const uint16_t length : {uint16_t{7}, uint16_t{0x7FFF}, uint16_t{0x8000}, uint16_t{0xFFFF}}) {
    CHECK_FALSE(decodes(binary_frame(none + be32(8) + be16(length) + "k" + be32(1) + "v")));
  }
  CHECK(decodes(binary_frame(none + be32(8) + be16(1) + "k" + be32(1) + "v")));
  CHECK_FALSE(decodes(binary_frame(none + be32(9) + be16(1) + "k" + be32(1) + "v" + "x")));
}

TEST_CASE("a ROCKETMQ header's empty strings are none") {
  const ReceivedCommand command = decoded(binary_frame(be32(0) + be32(7) + be16(1) + "k" + be32(0)));
  CHECK(command.remark.empty());
  CHECK(command.find("k") == "");
}

TEST_CASE("JSON headers as other libraries write them") {
  const ReceivedCommand command = decoded(json_frame(
      R"( { "version" : "317", "code":10, "opaque":-5, "flag":2, "language":"GO", "remark":null, "new":[{"a":[1]}], )"
      R"("extFields" : {"n":5, "d":-1.5e3, "t":true, "f":false, "nil":null, "s":"\u4e2d\ud83d\ude00\u0001", "e":""} } )"));
  CHECK(command.version == 317);
  CHECK(command.opaque == -5);
  CHECK(command.is_oneway());
  CHECK(language_name(command.language) == "GO");
  CHECK(command.remark.empty());
  CHECK(command.find("n") == "5");
  CHECK(command.find("d") == "-1.5e3");
  CHECK(command.find("t") == "true");
  CHECK(command.find("f") == "false");
  CHECK_FALSE(command.find("nil"));
  CHECK(command.find("s") == "\u4e2d\U0001F600\x01");
  CHECK(command.find("e") == "");
  CHECK(language_name(decoded(json_frame(R"({"language":9})")).language) == "GO");
  CHECK(language_name(decoded(json_frame(R"({"language":999})")).language) == "JAVA");
  for (const char* header :
       {"{}", R"({"extFields":null})", R"({"extFields":{}})", R"({"language":null,"code":null})"}) {
    CHECK(decodes(json_frame(header)));
  }
}

TEST_CASE("what is no JSON header closes the connection") {
  for (const char* header : {"[]",
                             "null",
                             "1",
                             "{",
                             "{}x",
                             "{}{}",
                             R"({"code":1,})",
                             R"({"code":x})",
                             R"({'code':1})",
                             "\xEF\xBB\xBF{}",
                             R"({"code":1.5})",
                             R"({"code":2147483648})",
                             R"({"code":1e9})",
                             R"({"code":true})",
                             R"({"code":"x"})",
                             R"({"code":99999999999999999999999999999999999999})",
                             R"({"opaque":-2147483649})",
                             R"({"code":[]})",
                             "{\"remark\":\"\x01\"}",
                             R"({"remark":"\x"})"}) {
    INFO(header);
    CHECK_FALSE(decodes(json_frame(header)));
  }
}

TEST_CASE("JSON nested without end is an error, not a deep stack") {
  for (const std::string open : {"[", R"({"a":)"}) {
    std::string nested = R"({"new":)";
    while (nested.size() < 4000000) nested += open;
    CHECK_FALSE(decodes(json_frame(nested)));
  }
}

TEST_CASE("headers of 16 MiB") {
  constexpr size_t kRoom = kMaxFrameBytes - 100;
  CHECK(decodes(json_frame(R"({"remark":")" + std::string(kRoom, 'r') + R"("})")));
  CHECK(decodes(json_frame(R"({"n":)" + std::string(kRoom, '9') + "}")));
  CHECK_FALSE(decodes(json_frame(R"({"code":)" + std::string(kRoom, '9') + "}")));
  CHECK_FALSE(decodes(json_frame(std::string(kRoom, ' '))));
  CHECK_FALSE(decodes(json_frame(R"({"remark":")" + std::string(kRoom, '\\') + R"(\u00"})")));
  CHECK(decodes(binary_frame(be32(kRoom) + std::string(kRoom, 'r') + be32(0))));
}

TEST_CASE("a header has a bounded number of fields") {
  const auto json = [](size_t count) {
    std::string header = R"({"extFields":{)";
    for (size_t i = 0; i < count; ++i) header += i == 0 ? R"("":1)" : R"(,"":1)";
    return json_frame(header + "}}");
  };
  const auto binary = [](size_t count) {
    std::string block;
    for (size_t i = 0; i < count; ++i) block += be16(0) + be32(0);
    return binary_frame(be32(0) + be32(static_cast<uint32_t>(block.size())) + block);
  };
  CHECK(decodes(json(kMaxFields)));
  CHECK(decodes(binary(kMaxFields)));
  for (const size_t count : {kMaxFields + 1, size_t{2000000}}) {
    CHECK_FALSE(decodes(json(count)));
    CHECK_FALSE(decodes(binary(count)));
  }
}

TEST_CASE("of two of a name the last counts, as in Java") {
  const ReceivedCommand json = decoded(json_frame(
      R"({"code":1,"code":2,"extFields":{"gone":"x"},"extFields":{"a":"1","a":"2"},"remark":"x","remark":"y"})"));
  CHECK(json.code == 2);
  CHECK(json.remark == "y");
  CHECK(json.find("a") == "2");
  CHECK_FALSE(json.find("gone"));
  const auto field = [](const char* value) { return be16(1) + "a" + be32(1) + value; };
  CHECK(decoded(binary_frame(be32(0) + be32(16) + field("1") + field("2"))).find("a") == "2");
}

}  // namespace mqctl
