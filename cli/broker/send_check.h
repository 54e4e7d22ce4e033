// What is asked of every send before it is stored (Apache: AbstractSendMessageProcessor.msgCheck).
#pragma once

#include <optional>

#include "cli/broker/send_header.h"
#include "cli/remoting/channel.h"

namespace mqctl {

class BrokerController;

// One of so many, by chance.
int32_t any_queue(int32_t queues);

// The refusal, or none; then the topic is there, made where topics make themselves, and `queue` is one of its own.
std::optional<Response> check_send(BrokerController& broker, const Request& request, const SendHeader& header,
                                   int32_t& queue);

}  // namespace mqctl
