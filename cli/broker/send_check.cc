#include "cli/broker/send_check.h"

#include <random>

#include "cli/broker/broker_controller.h"
#include "cli/broker/processors.h"
#include "cli/broker/topic_validator.h"

namespace mqctl {
namespace {

namespace rc = response_code;

Result<TopicPtr> make_topic(BrokerController& broker, const SendHeader& header) {
  const std::string name(header.topic);
  if (!is_retry_topic(name)) {
    return broker.topics().create_for_send(name, header.default_topic, header.default_queues,
                                           broker.config().auto_create_topic);
  }
  Result<Topic> made = broker.topics().ensure(name, 1, permission::kRead | permission::kWrite);
  if (!made) return std::move(made).error();
  return broker.topics().find(name);
}

std::optional<Response> name_fault(std::string_view topic) {
  if (std::string fault = topic_fault(topic); !fault.empty())
    return Response::of(rc::kInvalidParameter, std::move(fault));
  if (!is_forbidden_to_send(topic)) return std::nullopt;
  return Response::of(rc::kNoPermission, "Sending message to topic[" + std::string(topic) + "] is forbidden.");
}

}  // namespace

int32_t any_queue(int32_t queues) {
  thread_local std::minstd_rand random(std::random_device{}());
  return queues <= 0 ? 0 : static_cast<int32_t>(random() % static_cast<uint32_t>(queues));
}

bool broker_may(const BrokerController& broker, int32_t permission) {
  return (broker.config().permission & permission) != 0;
}

std::string broker_forbids(BrokerController& broker, const Request& request, std::string_view what) {
  return "the broker[" + ip_text(broker.address_for(*request.channel)) + "] " + std::string(what) + " is forbidden";
}

std::optional<Response> check_send(BrokerController& broker, const Request& request, const SendHeader& header,
                                   int32_t& queue) {
  if (!broker.accepting())
    return Response::of(rc::kServiceNotAvailable, "service not available now: the broker is stopping");
  if (!header.complete) return Response::of(rc::kInvalidParameter, "the request lacks topic, queueId or sysFlag");
  if (std::optional<Response> fault = name_fault(header.topic)) return fault;
  TopicPtr topic = broker.topics().find(header.topic);
  if (topic && topic->order && !broker_may(broker, permission::kWrite))
    return Response::of(rc::kNoPermission, broker_forbids(broker, request, "sending message"));
  if (!topic) {
    Result<TopicPtr> made = make_topic(broker, header);
    if (!made) return Response::of(rc::kSystemError, made.error().to_string());
    topic = *made;
  }
  if (!topic) {
    return Response::of(rc::kTopicNotExist,
                        "topic[" + std::string(header.topic) + "] not exist, apply first please!" + std::string(kFaq));
  }
  queue = header.queue;
  if (queue >= topic->queues()) {
    return Response::of(rc::kInvalidParameter, "request queueId[" + std::to_string(queue) + "] is illegal, " +
                                                   topic_description(header.topic, *topic) +
                                                   " Producer: " + to_string(request.channel->remote()));
  }
  if (queue < 0) queue = any_queue(topic->write_queues);
  return std::nullopt;
}

}  // namespace mqctl
