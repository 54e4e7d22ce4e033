// What is asked of every send before it is stored (Apache: AbstractSendMessageProcessor.msgCheck).
#pragma once

#include <optional>
#include <string>

#include "cli/broker/send_header.h"
#include "cli/broker/topic_config_manager.h"
#include "cli/remoting/channel.h"

namespace mqctl {

class BrokerController;

// One of so many, by chance.
int32_t any_queue(int32_t queues);

// Where brokerPermission, or mqadmin wipeWritePerm, took the permission from the whole broker.
bool broker_may(const BrokerController& broker, int32_t permission);
std::string broker_forbids(BrokerController& broker, const Request& request, std::string_view what);

// What becomes of a send's topic where it is not there; none where it may not be made, or the send is refused anyway.
std::optional<Topic> wanted_topic(BrokerController& broker, const SendHeader& header);

// The refusal, or none; then the topic, null where it was not there, has been made where topics make themselves, and
// `queue` is one of its own.
std::optional<Response> check_send(BrokerController& broker, const Request& request, const SendHeader& header,
                                   TopicPtr topic, int32_t& queue);

}  // namespace mqctl
