// 12, 33: messages by key and by id (Apache: QueryMessageProcessor).
#include <algorithm>

#include "cli/broker/broker_controller.h"
#include "cli/broker/processors.h"

namespace mqctl {
namespace {

namespace rc = response_code;
constexpr size_t kMostBytes = 15u << 20;  // an answer is one frame

Response query_message(BrokerController& broker, const Request& request) {
  const ReceivedCommand& command = request.command;
  broker.store().await_dispatch(kReadOwnWrites);
  const bool unique = command.truth("_UNIQUE_KEY_QUERY");
  const int64_t asked = unique ? broker.config().max_query_messages : command.number_or("maxNum", 32);
  const int most = static_cast<int>(std::clamp<int64_t>(asked, 1, 1024));
  Result<std::vector<PhysicalOffset>> places = broker.store().query_message(
      command.text("topic"), command.text("key"), most, EpochMs(command.number_or("beginTimestamp", 0)),
      EpochMs(command.number_or("endTimestamp", INT64_MAX)));
  if (!places) return Response::of(rc::kSystemError, places.error().to_string());
  std::sort(places->begin(), places->end());
  Response response = Response::success();
  size_t bytes = 0;
  int64_t newest_time = 0, newest_place = 0;
  for (const PhysicalOffset place : *places) {
    MessageView view;
    const Result<HeldBytes> held = broker.store().message_at(place, view);
    if (!held) continue;
    bytes += view.record.size();
    if (!response.records.empty() && bytes > kMostBytes) break;
    newest_time = std::max(newest_time, view.stored.value());
    newest_place = std::max(newest_place, place.value());
    response.records.push_back(broker.store().commit_log().record_bytes(place, view.record.size()));
  }
  if (response.records.empty())
    response = Response::of(rc::kQueryNotFound, "can not find message, maybe time range not correct");
  response.command.set("indexLastUpdateTimestamp", newest_time).set("indexLastUpdatePhyoffset", newest_place);
  return response;
}

Response view_message(BrokerController& broker, const Request& request) {
  const int64_t offset = request.command.number_or("offset", -1);
  MessageView view;
  const Result<HeldBytes> held = broker.store().message_at(PhysicalOffset(offset), view);
  if (!held) return Response::of(rc::kSystemError, "can not find message by the offset, " + std::to_string(offset));
  Response response = Response::success();
  response.records.push_back(broker.store().commit_log().record_bytes(PhysicalOffset(offset), view.record.size()));
  return response;
}

}  // namespace

void register_query_processors(ProcessorTable& table, BrokerExecutors& executors, BrokerController& broker) {
  using Answer = std::optional<Response>;
  table.add(request_code::kQueryMessage, executors.query,
            [&broker](const RequestPtr& r) -> Answer { return query_message(broker, *r); });
  table.add(request_code::kViewMessageById, executors.query,
            [&broker](const RequestPtr& r) -> Answer { return view_message(broker, *r); });
}

}  // namespace mqctl
