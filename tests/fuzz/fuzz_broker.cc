// Requests of any code, with any fields and any body, one after the other, by two clients that come and go, to a whole
// broker on a disk in memory. Every request is answered once, with a frame that a client can read; the broker stops in
// order; verify finds nothing wrong with its store; the next broker starts on it.
//
// The input: requests, each ended by FE ';'. Each: code (16 bits), flags, fields NAME=VALUE, each after FE ',', and a
// body behind FE '{'. No field or body of a real client has these marks by chance: FE is no byte of UTF-8.
#include <memory>
#include <random>

#include "cli/broker/broker_controller.h"
#include "libstore/store/verifier.h"
#include "tests/fuzz/client_channel.h"
#include "tests/fuzz/damaged_store.h"
#include "tests/fuzz/require.h"

using namespace mqctl;

namespace {

constexpr std::string_view kRequestEnd("\xFE;", 2), kField("\xFE,", 2), kBody("\xFE{", 2);
constexpr int kMostRequests = 64;

// Codes that no request has: what clients and the clock do besides.
constexpr uint16_t kClientAnswers = 0xFFFF, kClientLeaves = 0xFFFE, kTimePasses = 0xFFFD;

// Each text by itself, so that a step over its end is seen.
struct OwnedTexts {
  std::vector<std::unique_ptr<char[]>> texts;
  std::string_view own(std::string_view text) {
    texts.push_back(std::make_unique<char[]>(text.size()));
    std::copy(text.begin(), text.end(), texts.back().get());
    return {texts.back().get(), text.size()};
  }
};

struct OwnedRequest : OwnedTexts, Request {};

class BrokerRun {
 public:
  BrokerRun() : log_({LogLevel::kNothing, false}) {
    for (const auto& [path, content] : test::sound_broker_store()) fs_.put(path, as_bytes(content));
    start();
  }

  void take(std::string_view text) {
    const auto* data = reinterpret_cast<const uint8_t*>(text.data());
    test::FuzzInput input(data, text.size());
    const uint16_t code = input.word();
    const uint8_t flags = input.byte();
    const std::shared_ptr<test::ClientChannel>& channel = channels_[flags & 1];
    if (code == kClientAnswers) return channel->answer(as_text(input.rest()));
    if (code == kClientLeaves) return leave(flags & 1);
    if (code == kTimePasses) return pass_time(input.word());
    const auto request = std::make_shared<OwnedRequest>();
    request->channel = channel;
    request->arrived = std::chrono::steady_clock::now();
    ReceivedCommand& command = request->command;
    command.code = code;
    command.type = (flags & 2) != 0 ? SerializeType::kRocketMq : SerializeType::kJson;
    command.flag = (flags & 4) != 0 ? command_flag::kOneway : 0;
    command.opaque = ++opaque_;
    command.version = kProtocolVersion;
    fill(*request, as_text(input.rest()));
    process(request);
  }

  void finish() {
    for (const auto& channel : channels_) channel->answer(std::nullopt);
    const Status stopped = broker_->shutdown();
    REQUIRE_SAYING(stopped.ok(), stopped.to_string());
    for (const auto& channel : channels_) REQUIRE_SAYING(channel->owed() == 0, told_);
    broker_.reset();
    check_store();
    start();
    REQUIRE(broker_->shutdown().ok());
  }

 private:
  void start() {
    BrokerOptions options;
    options.root = test::kStoreRoot;
    options.store.background = Background::kSteps;
    broker_ = std::make_unique<BrokerController>(fs_, clock_, log_, options);
    const Status started = broker_->start();
    REQUIRE_SAYING(started.ok(), started.to_string());
    hooks_ = broker_->hooks();
  }

  static void fill(OwnedRequest& request, std::string_view text) {
    const size_t body = text.find(kBody);
    if (body != text.npos) request.command.body = as_bytes(request.own(text.substr(body + kBody.size())));
    text = text.substr(0, body);
    for (size_t at = text.find(kField); at != text.npos && request.command.ext.size() < kMaxFields;) {
      const size_t begin = at + kField.size();
      at = text.find(kField, begin);
      const std::string_view field = text.substr(begin, at == text.npos ? at : at - begin);
      const size_t equals = std::min(field.find('='), field.size());
      const std::string_view value = field.substr(std::min(equals + 1, field.size()));
      request.command.ext.emplace_back(request.own(field.substr(0, equals)), request.own(value));
    }
  }

  void process(const RequestPtr& request) {
    const ProcessorTable::Entry* entry = broker_->processors().find(request->command.code);
    if (entry == nullptr) return;
    told_ += std::to_string(request->command.code) + " ";
    if (!request->command.is_oneway()) channel_of(*request).asks(request->command.opaque);
    hooks_.batch_begins();
    std::optional<Response> answer;
    try {
      answer = entry->processor(request);
    } catch (const std::bad_alloc&) {
      REQUIRE(false);
    } catch (const std::exception& error) {
      answer = Response::of(response_code::kSystemError, error.what());  // as the connection does
    }
    if (answer) request->respond(std::move(*answer));
    // A producer who does not know the end of his transaction yet waits for no answer.
    if (!answer && request->command.code == request_code::kEndTransaction) {
      channel_of(*request).excuses(request->command.opaque);
    }
    hooks_.batch_ends();
  }

  static test::ClientChannel& channel_of(const Request& request) {
    return static_cast<test::ClientChannel&>(*request.channel);
  }

  // Another comes in his place.
  void leave(int number) {
    std::shared_ptr<test::ClientChannel>& channel = channels_[number];
    channel->close();
    hooks_.closed(channel);
    channel = std::make_shared<test::ClientChannel>(++last_client_);
  }

  void pass_time(int64_t seconds) {
    using Service = BrokerController::Service;
    clock_.advance_ms(seconds * 100);
    for (const auto service : {Service::kPullRequestHold, Service::kScheduleMessage, Service::kTimed}) {
      broker_->step(service);
    }
  }

  void check_store() {
    const Result<StoreLocation> location = locate_store(fs_, test::kStoreRoot);
    REQUIRE(location.has_value());
    VerifyOptions options;
    options.level = VerifyLevel::kIndex;
    const Result<VerifyReport> report = verify(fs_, *location, options);
    REQUIRE(report.has_value() && report->complete);
    for (const Finding& finding : report->findings) {
      REQUIRE_SAYING(false, std::string(finding_name(finding.kind)) + " " + finding.file + ": " + finding.detail);
    }
  }

  test::MemoryFileSystem fs_;
  ManualClock clock_{EpochMs(1700000100000)};
  const EventLog log_;
  std::unique_ptr<BrokerController> broker_;
  RemotingHooks hooks_;
  uint64_t last_client_ = 2;
  std::shared_ptr<test::ClientChannel> channels_[2] = {std::make_shared<test::ClientChannel>(1),
                                                       std::make_shared<test::ClientChannel>(2)};
  int32_t opaque_ = 0;
  std::string told_;  // the codes so far
};

// --- Changes that keep an input a run of requests ---

using Texts = std::vector<std::string>;

Texts requests_in(std::string_view text) {
  Texts requests;
  test::FuzzInput input(reinterpret_cast<const uint8_t*>(text.data()), text.size());
  while (!input.empty()) requests.emplace_back(input.until(kRequestEnd));
  return requests;
}

template <class Values>
const auto& one_of(const Values& values, std::minstd_rand& random) {
  return values[random() % std::size(values)];
}

void change_code(std::string& request, std::minstd_rand& random) {
  constexpr uint16_t kLargest = 410;
  static constexpr uint16_t kOthers[] = {kTimePasses, kClientLeaves, kClientAnswers};
  if (request.size() < 3) request.resize(3);
  const bool other = random() % 8 == 0;
  const auto code = static_cast<uint16_t>(other ? one_of(kOthers, random) : random() % kLargest);
  store_be(reinterpret_cast<std::byte*>(request.data()), code);
}

// Of a field of the request, if it has one.
void change_value(std::string& request, std::minstd_rand& random) {
  static const std::string kValues[] = {"",
                                        "-1",
                                        "0",
                                        "1",
                                        "16",
                                        "65536",
                                        "2147483647",
                                        "-2147483648",
                                        "9223372036854775807",
                                        "-9223372036854775808",
                                        "true",
                                        "T",
                                        "A",
                                        "%RETRY%G",
                                        "SCHEDULE_TOPIC_XXXX",
                                        "RMQ_SYS_TRANS_HALF_TOPIC",
                                        "../../x",
                                        "DELAY\0013\2",
                                        "TRAN_MSG\1true\2PGROUP\1P\2"};
  const size_t field = request.find(kField, request.empty() ? 0 : random() % request.size());
  const size_t equals = field == request.npos ? field : request.find('=', field);
  if (equals == request.npos) return;
  const size_t end = std::min(request.find('\xFE', equals), request.size());
  request.replace(equals + 1, end - equals - 1, one_of(kValues, random));
}

void change(Texts& requests, std::minstd_rand& random) {
  std::string& chosen = requests[random() % requests.size()];
  const std::string other = one_of(requests, random);
  switch (random() % 5) {
    case 0:
      return change_code(chosen, random);
    case 1:
      return change_value(chosen, random);
    case 2:
      return chosen.swap(requests.front());
    case 3:
      requests.insert(requests.begin() + static_cast<ptrdiff_t>(random() % requests.size()), other);
      return;
    default:
      chosen += other.substr(std::min(other.find(kField), other.size()));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  test::FuzzInput input(data, size);
  BrokerRun run;
  for (int i = 0; i < kMostRequests && !input.empty(); ++i) run.take(input.until(kRequestEnd));
  run.finish();
  return 0;
}

extern "C" size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t max_size);

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size, unsigned seed) {
  std::minstd_rand random(seed);
  Texts requests = requests_in({reinterpret_cast<const char*>(data), size});
  if (requests.empty() || random() % 2 == 0) return LLVMFuzzerMutate(data, size, max_size);
  for (auto changes = 1 + random() % 4; changes > 0; --changes) change(requests, random);
  std::string text;
  for (const std::string& request : requests) text.append(request).append(kRequestEnd);
  return text.copy(reinterpret_cast<char*>(data), max_size);
}
