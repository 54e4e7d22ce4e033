// Transactions in a broker that goes by steps: who may end one, and what a message has left of the record it was in.
#include <catch2/catch.hpp>
#include <climits>
#include <string>

#include "cli/broker/broker_controller.h"
#include "cli/broker/property_list.h"
#include "cli/broker/topic_validator.h"
#include "cli/broker/transactional_message_service.h"
#include "tests/unit/support/golden_store.h"

namespace mqctl {
namespace {

constexpr std::string_view kHalfProperties("REAL_TOPIC\1T\2REAL_QID\0010\2PGROUP\1P\2");

class Broker {
 public:
  Broker() : broker_(posix_file_system(), system_clock(), log_, options(dir_.path())) { REQUIRE(broker_.start().ok()); }
  TransactionalMessageService& transactions() { return broker_.transactions(); }
  DefaultMessageStore& store() { return broker_.store(); }

  void put_op(std::string_view places) { put(topic_name::kOp, places, "TAGS\1d\2"); }
  // Valid until the next one is put.
  const MessageView& put_half(std::string_view more = {}) {
    const PutMessageResult result = put(topic_name::kHalf, "body", std::string(kHalfProperties) + std::string(more));
    Result<HeldBytes> held = store().message_at(result.offset, half_);
    REQUIRE(held.has_value());
    held_ = std::move(*held);
    return half_;
  }
  const MessageView& half() const { return half_; }
  // The rounds have passed all half messages that there are.
  void pass() {
    store().await_dispatch(std::chrono::seconds(10));
    const int64_t end = store().max_queue_offset(topic_name::kHalf, QueueId(0)).value();
    broker_.offsets().commit("CID_RMQ_SYS_TRANS", topic_name::kHalf, 0, end);
    broker_.offsets().commit("CID_RMQ_SYS_TRANS", topic_name::kOp, 0, end);
  }

 private:
  static BrokerOptions options(const std::string& root) {
    BrokerOptions options;
    options.root = root;
    options.config.segment_bytes = 1 << 20;
    options.store.background = Background::kSteps;
    return options;
  }
  PutMessageResult put(std::string_view topic, std::string_view body, std::string properties) {
    BrokerMessage message;
    message.topic = topic;
    message.body = as_bytes(body);
    message.properties = std::move(properties);
    PutMessageResult result = broker_.put(message);
    REQUIRE(stored(result.status));
    return result;
  }
  test::TemporaryDirectory dir_;
  const EventLog log_{{.least = LogLevel::kNothing}};
  BrokerController broker_;
  MessageView half_;
  HeldBytes held_;
};

}  // namespace

TEST_CASE("a transaction whose end comes to nothing can be ended by who comes next") {
  Broker broker;
  const MessageView& half = broker.put_half();
  {
    const auto claim = broker.transactions().claim(half);
    REQUIRE(claim.has_value());
    CHECK_FALSE(broker.transactions().claim(half).has_value());
  }  // as where an exception comes
  auto claim = broker.transactions().claim(half);
  REQUIRE(claim.has_value());
  CHECK(claim->settle());
  claim.reset();
  CHECK_FALSE(broker.transactions().claim(half).has_value());
}

TEST_CASE("a half message that was put back is ended once, where its op message names the later place alone") {
  Broker broker;
  broker.put_half();
  broker.put_half("TRAN_PREPARED_QUEUE_OFFSET\0010\2");
  const MessageView again = broker.half();
  broker.put_op("1,");  // as Apache's broker ends it
  broker.pass();
  CHECK(again.queue_offset == QueueOffset(1));
  CHECK_FALSE(broker.transactions().claim(again).has_value());
}

TEST_CASE("how old a message is that says it was born at any time") {
  CHECK(age_ms(EpochMs(1000), EpochMs(400)) == 600);
  CHECK(age_ms(EpochMs(1000), EpochMs(INT64_MIN)) == INT64_MAX);
  CHECK(age_ms(EpochMs(-5), EpochMs(INT64_MAX)) == INT64_MIN);
}

TEST_CASE("a message made of a record has not its checksum") {
  MessageView view;
  view.properties = "REAL_TOPIC\1T\2REAL_QID\0010\2PGROUP\1P\2__CRC32#\0011234567890\2";
  CHECK(BrokerMessage::of(view).properties == kHalfProperties);
  CHECK(PropertyList(view.properties).encoded() == kHalfProperties);
  view.properties = kHalfProperties;
  CHECK(BrokerMessage::of(view).properties == kHalfProperties);
}

}  // namespace mqctl
