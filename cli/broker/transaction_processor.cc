// 37: a producer ends a transaction (Apache: EndTransactionProcessor). Oneway, so what goes wrong is only logged; the
// check asks again.
#include <algorithm>

#include "cli/broker/broker_controller.h"
#include "cli/broker/processors.h"
#include "cli/broker/property_list.h"
#include "cli/broker/topic_validator.h"
#include "cli/broker/transactional_message_service.h"
#include "libstore/message/system_flag.h"

namespace mqctl {
namespace {

namespace rc = response_code;

std::optional<Response> refuse(BrokerController& broker, const std::string& why) {
  broker.log().warning("end of a transaction: " + why);
  return Response::of(rc::kSystemError, why);
}

// A producer that gave the transaction a time answers only the check after it.
bool too_late(BrokerController& broker, const MessageView& half) {
  const std::string seconds(PropertyList(half.properties).get("CHECK_IMMUNITY_TIME_IN_SECONDS"));
  const int64_t immunity = std::min<int64_t>(std::atol(seconds.c_str()), INT64_MAX / 1000);
  return immunity > 0 && age_ms(broker.clock().now(), half.born) > immunity * 1000;
}

std::optional<Response> end_transaction(BrokerController& broker, const Request& request) {
  const ReceivedCommand& command = request.command;
  const int64_t verdict = command.number_or("commitOrRollback", 0);
  const bool commit = verdict == sys_flag::kCommit;
  if (!commit && verdict != sys_flag::kRollback) return std::nullopt;
  MessageView half;
  const int64_t offset = command.number_or("commitLogOffset", -1);
  const Result<HeldBytes> held = broker.store().message_at(PhysicalOffset(offset), half);
  if (!held) return refuse(broker, "Find prepared transaction message failed");
  if (half.topic != topic_name::kHalf) return refuse(broker, "it is no half message");
  if (PropertyList(half.properties).get("PGROUP") != command.text("producerGroup"))
    return refuse(broker, "The producer group wrong");
  if (half.queue_offset.value() != command.number_or("tranStateTableOffset", -1)) {
    return refuse(broker, "The transaction state table offset wrong");
  }
  if (!command.truth("fromTransactionCheck") && too_late(broker, half)) {
    return Response::of(rc::kIllegalOperation, "the producer may end the transaction no more: its time is over");
  }
  std::optional<TransactionalMessageService::Claim> claim = broker.transactions().claim(half);
  if (!claim) return commit ? Response::success() : Response::success_unremarked();
  uint64_t bytes = 0;
  if (commit) {
    const PutMessageResult result = broker.put(TransactionalMessageService::restore(half, half.physical_offset));
    if (!stored(result.status))
      return refuse(broker, std::string(put_status_name(result.status)) + ": " + result.reason);
    bytes = static_cast<uint64_t>(result.end - result.offset);
  }
  const bool settled = claim->settle();
  if (commit) broker.stats().count_put(PropertyList(half.properties).get(property::kRealTopic), 1, bytes);
  if (!settled) return refuse(broker, "the op message could not be stored");
  return commit ? Response::success() : Response::success_unremarked();
}

}  // namespace

void register_transaction_processors(ProcessorTable& table, BrokerExecutors& executors, BrokerController& broker) {
  table.add(request_code::kEndTransaction, executors.end_transaction,
            [&broker](const RequestPtr& request) { return end_transaction(broker, *request); });
}

}  // namespace mqctl
