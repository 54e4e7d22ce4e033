#include "cli/broker/send_check.h"

#include <random>

#include "cli/broker/broker_controller.h"
#include "cli/broker/processors.h"
#include "cli/broker/topic_validator.h"

namespace mqctl {
namespace {

namespace rc = response_code;

std::optional<Response> name_fault(std::string_view topic) {
  if (std::string fault = topic_fault(topic); !fault.empty())
    return Response::of(rc::kInvalidParameter, std::move(fault));
  if (!is_forbidden_to_send(topic)) return std::nullopt;
  return Response::of(rc::kNoPermission, "Sending message to topic[" + std::string(topic) + "] is forbidden.");
}

}  // namespace

std::optional<Topic> wanted_topic(BrokerController& broker, const SendHeader& header) {
  if (!broker.accepting() || !header.complete || name_fault(header.topic)) return std::nullopt;
  if (!is_retry_topic(header.topic)) {
    return broker.topics().model_for_send(header.default_topic, header.default_queues,
                                          broker.config().auto_create_topic);
  }
  Topic topic;
  topic.read_queues = topic.write_queues = 1;
  return topic;
}

namespace {

Result<TopicPtr> make_topic(BrokerController& broker, const SendHeader& header) {
  std::optional<Topic> wanted = wanted_topic(broker, header);
  if (!wanted) return TopicPtr();
  if (Status status = broker.topics().ensure({{std::string(header.topic), std::move(*wanted)}}); !status.ok())
    return status;
  return broker.topics().find(header.topic);
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
                                   TopicPtr topic, int32_t& queue) {
  if (!broker.accepting())
    return Response::of(rc::kServiceNotAvailable, "service not available now: the broker is stopping");
  if (!header.complete) return Response::of(rc::kInvalidParameter, "the request lacks topic, queueId or sysFlag");
  if (std::optional<Response> fault = name_fault(header.topic)) return fault;
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
