// The broker itself for administrators: configuration, run-time figures, clean-up (Apache: AdminBrokerProcessor).
#include <array>
#include <cstdio>

#include "cli/broker/body_text.h"
#include "cli/broker/broker_controller.h"
#include "cli/broker/processors.h"
#include "cli/broker/schedule_message_service.h"
#include "libstore/index/consume_queue_store.h"
#include "libstore/message/delay_level.h"

namespace mqctl {
namespace {

namespace rc = response_code;

Response get_config(BrokerController& broker, const Request&) {
  std::string body;
  for (const auto& [key, value] : broker_config_entries(broker.config())) body += key + "=" + value + "\n";
  body += "storePathRootDir=" + broker.options().root + "\n";
  Response response = Response::with_body(std::move(body));
  response.command.set("version", compact(broker.topics().version().json()));
  return response;
}

Response update_config(BrokerController& broker, const Request& request) {
  for (const auto& [key, value] : parse_properties_text(as_text(request.command.body))) {
    if (key == "brokerConfigPath" || key == "rocketmqHome" || key == "configBlackList") {
      return Response::of(rc::kNoPermission, "Can not update config in black list.");
    }
    const Result<bool> known = broker.set_config(key, value);
    if (!known) return Response::of(rc::kSystemError, known.error().message());
    if (!*known) broker.log().info("configuration key without a meaning here: " + key);
  }
  return Response::success();
}

std::string three(double value) {
  char text[64];
  std::snprintf(text, sizeof text, "%.2f %.2f %.2f", value, value, value);
  return text;
}

void add_store_figures(BrokerController& broker, ConfigJson& table) {
  DefaultMessageStore& store = broker.store();
  MessageView first;
  const Result<HeldBytes> held = store.message_at(store.min_offset(), first);
  table["dispatchBehindBytes"] = std::to_string(store.dispatch_behind_bytes());
  table["earliestMessageTimeStamp"] = std::to_string(held ? first.stored.value() : -1);
  table["commitLogMinOffset"] = std::to_string(store.min_offset().value());
  table["commitLogMaxOffset"] = std::to_string(store.max_offset().value());
  const Result<SpaceInfo> space = broker.fs().space(broker.options().root);
  const double used = space && space->total_bytes > 0
                          ? 1 - static_cast<double>(space->available_bytes) / static_cast<double>(space->total_bytes)
                          : 0;
  table["commitLogDiskRatio"] = std::to_string(used);
  table["consumeQueueDiskRatio"] = std::to_string(used);
  table["commitLogDirCapacity"] = space ? "Total : " + std::to_string(space->total_bytes) +
                                              " B, Free : " + std::to_string(space->available_bytes) + " B."
                                        : "";
  table["remainHowManyDataToFlush"] = "0 B";
  table["remainHowManyDataToCommit"] = "0 B";
}

Response runtime_info(BrokerController& broker, const Request&) {
  const int64_t up_ms = broker.clock().now() - broker.boot_time();
  const double seconds = std::max(1.0, static_cast<double>(up_ms) / 1000);
  const double put_rate = static_cast<double>(broker.stats().put_total()) / seconds;
  const double get_rate = static_cast<double>(broker.stats().get_total()) / seconds;
  ConfigJson table = ConfigJson::object();
  table["brokerVersionDesc"] = "V5_3_3";
  table["brokerVersion"] = std::to_string(kProtocolVersion);
  table["brokerActive"] = "true";
  table["bootTimestamp"] = std::to_string(broker.boot_time().value());
  table["runtime"] = "[ " + std::to_string(up_ms / 86400000) + " days, " + std::to_string(up_ms / 3600000 % 24) +
                     " hours, " + std::to_string(up_ms / 60000 % 60) + " minutes, " +
                     std::to_string(up_ms / 1000 % 60) + " seconds ]";
  for (const char* name : {"msgPutTotalYesterdayMorning", "msgPutTotalTodayMorning", "msgGetTotalYesterdayMorning",
                           "msgGetTotalTodayMorning"}) {
    table[name] = "0";
  }
  table["msgPutTotalTodayNow"] = std::to_string(broker.stats().put_total());
  table["msgGetTotalTodayNow"] = std::to_string(broker.stats().get_total());
  table["putTps"] = three(put_rate);
  for (const char* name : {"getTransferredTps", "getTransferedTps", "getTotalTps", "getFoundTps"})
    table[name] = three(get_rate);
  table["getMissTps"] = three(0);
  for (const char* prefix : {"send", "pull", "litePull", "query", "ack"}) {
    table[std::string(prefix) + "ThreadPoolQueueSize"] = "0";
    table[std::string(prefix) + "ThreadPoolQueueCapacity"] = std::to_string(broker.start_config().send_queue_capacity);
    table[std::string(prefix) + "ThreadPoolQueueHeadWaitTimeMills"] = "0";
  }
  table["EndTransactionQueueSize"] = "0";
  table["EndTransactionThreadPoolQueueCapacity"] = "0";
  table["pageCacheLockTimeMills"] = "0";
  table["startAcceptSendRequestTimeStamp"] = "0";
  add_store_figures(broker, table);
  for (const auto& [level, offset] : broker.schedule().offsets()) {
    const int64_t max = broker.store().max_queue_offset(kScheduleTopic, QueueId(level - 1)).value();
    table["scheduleMessageOffset_" + std::to_string(level)] =
        std::to_string(offset.value()) + "," + std::to_string(max);
  }
  return Response::with_body(compact(ConfigJson{{"table", table}}));
}

Response view_stats(BrokerController& broker, const Request& request) {
  const std::string name(request.command.text("statsName")), key(request.command.text("statsKey"));
  const BrokerStats::Table table = name == "TOPIC_PUT_NUMS" ? broker.stats().puts() : broker.stats().gets();
  const bool known_name = name == "TOPIC_PUT_NUMS" || name == "GROUP_GET_NUMS";
  const auto found = table.find(key);
  if (!known_name || found == table.end())
    return Response::of(rc::kSystemError, "The stats <" + name + "> <" + key + "> not exist");
  const double seconds = std::max(1.0, static_cast<double>(broker.clock().now() - broker.boot_time()) / 1000);
  const ConfigJson item{
      {"avgpt", 0.0}, {"sum", found->second.messages}, {"tps", static_cast<double>(found->second.messages) / seconds}};
  return Response::with_body(compact(ConfigJson{{"statsDay", item}, {"statsHour", item}, {"statsMinute", item}}));
}

Response clean_queues(BrokerController& broker, const Request&) {
  broker.store().consume_queues().correct_min_offsets(broker.store().min_offset());
  return Response::success();
}

Response clean_topics(BrokerController&, const Request&) { return Response::success(); }

Response delete_expired(BrokerController& broker, const Request&) {
  broker.retention().delete_manually();
  return Response::success();
}

Response ha_status(BrokerController& broker, const Request&) {
  return Response::with_body(compact(ConfigJson{{"haClientRuntimeInfo", ConfigJson::object()},
                                                {"haConnectionInfo", ConfigJson::array()},
                                                {"inSyncSlaveNums", 0},
                                                {"master", true},
                                                {"masterCommitLogMaxOffset", broker.store().max_offset().value()}}));
}

// Until they are there, in words that say so.
Response pop_later(BrokerController&, const Request& request) {
  return Response::of(rc::kRequestCodeNotSupported,
                      " request type " + std::to_string(request.command.code) +
                          " not supported: mqctl serves no POP yet, consume by pull or push");
}

}  // namespace

void register_broker_admin_processors(ProcessorTable& table, Executor& executor, BrokerController& broker) {
  const auto add = [&](int32_t code, Response (*process)(BrokerController&, const Request&)) {
    table.add(code, executor, [&broker, process](const RequestPtr& request) -> std::optional<Response> {
      return process(broker, *request);
    });
  };
  add(request_code::kGetBrokerConfig, &get_config);
  add(request_code::kUpdateBrokerConfig, &update_config);
  add(request_code::kGetBrokerRuntimeInfo, &runtime_info);
  add(request_code::kViewBrokerStatsData, &view_stats);
  add(request_code::kCleanExpiredConsumeQueue, &clean_queues);
  add(request_code::kCleanUnusedTopic, &clean_topics);
  add(request_code::kDeleteExpiredCommitLog, &delete_expired);
  add(request_code::kGetBrokerHaStatus, &ha_status);
  add(request_code::kPopMessage, &pop_later);
  add(request_code::kAckMessage, &pop_later);
}

}  // namespace mqctl
