// A command on its way out, and the fields of one that came in.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "cli/remoting/frame_codec.h"
#include "wire_captures.h"

namespace mqctl {
namespace {

std::string encoded(const RemotingCommand& command, SerializeType type, size_t outside = 0) {
  std::string frame;
  encode_frame(frame, command, type, outside);
  return frame;
}

ReceivedCommand sent(const RemotingCommand& command, SerializeType type) {
  Result<ReceivedCommand> received = decode_frame(encoded(command, type));
  if (!received) FAIL(received.error().message());
  return std::move(*received);
}

nlohmann::json json_header(const RemotingCommand& command) {
  const std::string frame = encoded(command, SerializeType::kJson);
  return nlohmann::json::parse(frame.substr(8, load_be<uint32_t>(as_bytes(frame), 4)));
}

ReceivedCommand with_field(std::string value) {
  RemotingCommand command;
  command.set("field", std::move(value));
  return sent(command, SerializeType::kRocketMq);
}

}  // namespace

TEST_CASE("a command arrives as it was sent") {
  const SerializeType type = GENERATE(SerializeType::kJson, SerializeType::kRocketMq);
  RemotingCommand command;
  command.code = 310;
  command.opaque = -2147483647 - 1;
  command.flag = command_flag::kOneway;
  command.remark = "line\nand \"quotes\" \\ \x01 \xE4\xB8\xAD";
  command.set("topic", "orders").set("queue", int64_t{-9223372036854775807 - 1}).set("empty", "");
  command.body = std::string("a\0b\xFF", 4);
  const ReceivedCommand received = sent(command, type);
  CHECK(received.type == type);
  CHECK(received.code == 310);
  CHECK(received.opaque == command.opaque);
  CHECK(received.is_oneway());
  CHECK_FALSE(received.is_response());
  CHECK(received.remark == command.remark);
  CHECK(received.find("topic") == "orders");
  CHECK(received.number("queue") == INT64_MIN);
  CHECK(received.find("empty") == "");
  CHECK_FALSE(received.find("missing"));
  CHECK(as_text(received.body) == command.body);
}

TEST_CASE("without remark and fields their members are left out") {
  const nlohmann::json header = json_header(RemotingCommand{});
  CHECK_FALSE(header.contains("remark"));
  CHECK_FALSE(header.contains("extFields"));
  CHECK(header["language"] == "JAVA");
  CHECK(header["version"] == kProtocolVersion);
}

TEST_CASE("text that is no UTF-8 still makes a JSON header that others read") {
  RemotingCommand command;
  command.remark = "bad \xFF byte";
  command.set("field", "\xC3(");
  const nlohmann::json header = json_header(command);
  CHECK(header["remark"] == "bad \uFFFD byte");
  CHECK(header["extFields"]["field"] == "\uFFFD(");
}

TEST_CASE("a body that goes out behind the frame is counted in its length") {
  const SerializeType type = GENERATE(SerializeType::kJson, SerializeType::kRocketMq);
  RemotingCommand command;
  command.body = "head";
  const std::string alone = encoded(command, type);
  const std::string frame = encoded(command, type, 1000);
  CHECK(frame.size() == alone.size());
  const Result<size_t> bytes = frame_bytes(frame.data());
  REQUIRE(bytes);
  CHECK(*bytes == frame.size() + 1000);
  const Result<ReceivedCommand> received = decode_frame(frame + std::string(1000, 'x'));
  REQUIRE(received);
  CHECK(as_text(received->body) == "head" + std::string(1000, 'x'));
}

TEST_CASE("frames are appended to what is there") {
  std::string out = "before";
  RemotingCommand command;
  command.opaque = 7;
  encode_frame(out, command, SerializeType::kJson);
  encode_frame(out, command, SerializeType::kRocketMq);
  REQUIRE(out.starts_with("before"));
  const std::string_view frames = std::string_view(out).substr(6);
  const Result<size_t> first = frame_bytes(frames.data());
  REQUIRE(first);
  const Result<ReceivedCommand> second = decode_frame(frames.substr(*first));
  REQUIRE(second);
  CHECK(second->opaque == 7);
}

TEST_CASE("a header too large for its length goes out as an error") {
  const SerializeType type = GENERATE(SerializeType::kJson, SerializeType::kRocketMq);
  RemotingCommand command;
  command.opaque = 7;
  command.flag = command_flag::kResponse;
  command.set("value", std::string(3000000, '\x01'));  // six bytes each in JSON
  CHECK(sent(command, SerializeType::kRocketMq).code == response_code::kSuccess);
  if (type == SerializeType::kRocketMq) command.remark = std::string(14000000, 'r');
  const ReceivedCommand error = sent(command, type);
  CHECK(error.type == type);
  CHECK(error.code == response_code::kSystemError);
  CHECK(error.opaque == 7);
  CHECK(error.is_response());
  CHECK_FALSE(error.find("value"));
}

TEST_CASE("a received command may move; its views stay") {
  RemotingCommand command;
  command.remark = "short";
  command.set("topic", "orders");
  command.body = "b";
  ReceivedCommand first = sent(command, SerializeType::kJson);
  const ReceivedCommand second = std::move(first);
  CHECK(second.remark == "short");
  CHECK(second.text("topic") == "orders");
  CHECK(as_text(second.body) == "b");
}

TEST_CASE("numbers are whole fields or none") {
  CHECK(with_field("0").number("field") == 0);
  CHECK(with_field("-1").number("field") == -1);
  CHECK(with_field("9223372036854775807").number("field") == INT64_MAX);
  for (const char* none : {"", " 1", "1 ", "1.0", "+1", "0x1", "9223372036854775808", "one", "true"}) {
    INFO(none);
    CHECK_FALSE(with_field(none).number("field"));
    CHECK(with_field(none).number_or("field", 42) == 42);
  }
  CHECK_FALSE(with_field("1").number("other"));
}

TEST_CASE("truth, as Java and as old libraries write it") {
  for (const char* yes : {"true", "TRUE", "True", "1"}) CHECK(with_field(yes).truth("field"));
  for (const char* no : {"false", "0", "", "yes", "true "}) CHECK_FALSE(with_field(no).truth("field"));
  CHECK_FALSE(with_field("true").truth("other"));
}

TEST_CASE("codes have their names") {
  for (const test::CapturedFrame& captured : test::all_captures()) {
    INFO(captured.where);
    const std::string_view recorded = captured.request_name;
    CHECK(request_code_name(captured.request_code) == (recorded.starts_with('(') ? "?" : recorded));
    if (captured.answer_code) CHECK(response_code_name(*captured.answer_code) != "?");
  }
  CHECK(request_code_name(-1) == "?");
  CHECK(request_code_name(200151) == "BATCH_ACK_MESSAGE");
  CHECK(response_code_name(17) == "TOPIC_NOT_EXIST");
  CHECK(response_code_name(5) == "?");
  CHECK(response_code_name(3003) == "?");
}

TEST_CASE("languages have their names and numbers") {
  CHECK(language_code("GO") == 9);
  CHECK(language_name(language_code("NODE_JS")) == "NODE_JS");
  CHECK(language_name(200) == "OTHER");
  CHECK(language_code("COBOL") == language_code("OTHER"));
}

}  // namespace mqctl
