// Genuine clients and servers are understood, and what we make of their commands says the same.
#include <catch2/catch.hpp>
#include <map>
#include <nlohmann/json.hpp>

#include "cli/remoting/frame_codec.h"
#include "cli/remoting/frame_reader.h"
#include "wire_captures.h"

namespace mqctl {
namespace {

using nlohmann::json;
using test::CapturedFrame;
using Fields = std::map<std::string, std::string>;

ReceivedCommand decode(const CapturedFrame& captured) {
  INFO(captured.where);
  Result<ReceivedCommand> command = decode_frame(captured.bytes);
  if (!command) FAIL(captured.where << ": " << command.error().message());
  return std::move(*command);
}

bool is_binary(const CapturedFrame& captured) { return captured.bytes.at(4) == 1; }

Fields fields_of(const ReceivedCommand& command) {
  Fields fields;
  for (const auto& [name, value] : command.ext) fields.emplace(name, value);
  return fields;
}

RemotingCommand outgoing(const ReceivedCommand& command) {
  RemotingCommand copy;
  copy.code = command.code;
  copy.opaque = command.opaque;
  copy.flag = command.flag;
  copy.remark = command.remark;
  for (const auto& [name, value] : command.ext) copy.set(name, std::string(value));
  copy.body = as_text(command.body);
  return copy;
}

// What has no equal sign here is ours: language, version, codec.
bool says_the_same(const ReceivedCommand& one, const ReceivedCommand& other) {
  return one.code == other.code && one.opaque == other.opaque && one.flag == other.flag && one.remark == other.remark &&
         one.ext == other.ext && as_text(one.body) == as_text(other.body);
}

json header_of(const CapturedFrame& captured) {
  const auto length = load_be<uint32_t>(as_bytes(captured.bytes), 4) & 0xFFFFFF;
  return json::parse(captured.bytes.substr(8, length));
}

Fields fields_of(const json& header) {
  Fields fields;
  if (!header.contains("extFields")) return fields;
  for (const auto& [name, value] : header["extFields"].items()) {
    fields.emplace(name, value.is_string() ? value.get<std::string>() : value.dump());
  }
  return fields;
}

}  // namespace

TEST_CASE("a captured frame decodes to what was recorded of it") {
  for (const CapturedFrame& captured : test::all_captures()) {
    INFO(captured.where);
    const ReceivedCommand command = decode(captured);
    CHECK(command.code == captured.answer_code.value_or(captured.request_code));
    CHECK(command.is_response() == captured.answer_code.has_value());
    CHECK(command.is_oneway() == captured.oneway);
    CHECK(command.type == (is_binary(captured) ? SerializeType::kRocketMq : SerializeType::kJson));
  }
}

TEST_CASE("a captured JSON header says what another parser reads in it") {
  for (const CapturedFrame& captured : test::all_captures()) {
    if (is_binary(captured)) continue;
    INFO(captured.where);
    const json header = header_of(captured);
    const ReceivedCommand command = decode(captured);
    CHECK(command.code == header["code"].get<int32_t>());
    CHECK(command.opaque == header["opaque"].get<int32_t>());
    CHECK(command.flag == header["flag"].get<int32_t>());
    CHECK(command.version == header["version"].get<int32_t>());
    CHECK(language_name(command.language) == header["language"].get<std::string>());
    CHECK(command.remark == header.value("remark", ""));
    CHECK(fields_of(command) == fields_of(header));
  }
}

TEST_CASE("a captured ROCKETMQ header is written again to the byte, but for who we are") {
  size_t binary = 0;
  for (const CapturedFrame& captured : test::all_captures()) {
    if (!is_binary(captured)) continue;
    INFO(captured.where);
    ++binary;
    const ReceivedCommand command = decode(captured);
    CHECK(language_name(command.language) == "JAVA");
    std::string again;
    encode_frame(again, outgoing(command), SerializeType::kRocketMq);
    REQUIRE(again.size() == captured.bytes.size());
    for (size_t own = 10; own < 13; ++own) again[own] = captured.bytes[own];  // language and version
    CHECK(again == captured.bytes);
  }
  CHECK(binary == 115);
}

TEST_CASE("a captured command survives both codecs") {
  const SerializeType type = GENERATE(SerializeType::kJson, SerializeType::kRocketMq);
  for (const CapturedFrame& captured : test::all_captures()) {
    INFO(captured.where);
    const ReceivedCommand command = decode(captured);
    if (type == SerializeType::kRocketMq && command.code > INT16_MAX) continue;  // POP has no binary form
    std::string frame;
    encode_frame(frame, outgoing(command), type);
    const Result<size_t> bytes = frame_bytes(frame.data());
    REQUIRE(bytes);
    CHECK(*bytes == frame.size());
    const Result<ReceivedCommand> again = decode_frame(frame);
    REQUIRE(again);
    CHECK(again->type == type);
    CHECK(again->version == kProtocolVersion);
    CHECK(says_the_same(command, *again));
  }
}

TEST_CASE("what we write as JSON is strict: numbers, and string fields only") {
  for (const CapturedFrame& captured : test::all_captures()) {
    INFO(captured.where);
    CapturedFrame ours = captured;
    ours.bytes.clear();
    encode_frame(ours.bytes, outgoing(decode(captured)), SerializeType::kJson);
    const json header = header_of(ours);
    for (const char* name : {"code", "opaque", "flag", "version"}) CHECK(header[name].is_number_integer());
    CHECK(header["language"].is_string());
    if (!header.contains("extFields")) continue;
    for (const json& value : header["extFields"]) CHECK(value.is_string());
  }
}

TEST_CASE("a connection's frames come out of its stream as they went in, however it is cut") {
  const size_t step = GENERATE(as<size_t>(), 1, 7, 100, 8192, 1000000);
  std::string stream;
  for (const CapturedFrame& captured : test::all_captures()) stream += captured.bytes;
  FrameReader reader;
  size_t at = 0;
  for (const CapturedFrame& captured : test::all_captures()) {
    std::string_view frame;
    FrameReader::Step said = reader.next(frame);
    while (said == FrameReader::Step::kNeedsMore && at < stream.size()) {
      const std::span<char> room = reader.room();
      REQUIRE(!room.empty());
      const size_t copied = stream.copy(room.data(), std::min(room.size(), step), at);
      reader.filled(copied);
      at += copied;
      said = reader.next(frame);
    }
    INFO(captured.where);
    REQUIRE(said == FrameReader::Step::kFrame);
    REQUIRE(frame == captured.bytes);
  }
  CHECK(reader.pending_bytes() == 0);
}

TEST_CASE("an answer belongs to a request that went the other way on its connection") {
  std::map<std::tuple<std::string, int64_t, bool, int32_t>, int32_t> asked;
  size_t answers = 0, found = 0;
  for (const CapturedFrame& captured : test::all_captures()) {
    const ReceivedCommand command = decode(captured);
    const std::string file = captured.where.substr(0, captured.where.find(':'));
    if (!captured.answer_code) {
      asked[{file, captured.connection, captured.to_server, command.opaque}] = captured.request_code;
      continue;
    }
    ++answers;
    const auto request = asked.find({file, captured.connection, !captured.to_server, command.opaque});
    if (request == asked.end()) continue;
    ++found;
    CHECK(request->second == captured.request_code);
  }
  CHECK(answers > 400);
  CHECK(found == answers);
}

}  // namespace mqctl
