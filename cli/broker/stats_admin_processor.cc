// Figures of the broker for administrators: run-time information, statistics, lags (Apache: AdminBrokerProcessor,
// BrokerStatsManager).
#include <array>
#include <cstdio>

#include "cli/broker/body_text.h"
#include "cli/broker/broker_controller.h"
#include "cli/broker/consume_progress.h"
#include "cli/broker/processors.h"
#include "cli/broker/schedule_message_service.h"
#include "libstore/message/delay_level.h"

namespace mqctl {
namespace {

namespace rc = response_code;
using Table = BrokerStats::Table;

// Apache's windows of its rates.
std::string rates(const SlidingCount& count, int64_t now_ms) {
  char text[96];
  std::snprintf(text, sizeof text, "%.2f %.2f %.2f", count.last(10 * SlidingCount::kSecond, now_ms).per_second,
                count.last(SlidingCount::kMinute, now_ms).per_second,
                count.last(10 * SlidingCount::kMinute, now_ms).per_second);
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
  const double used = space ? space->used_share() : 0;
  table["commitLogDiskRatio"] = std::to_string(used);
  table["consumeQueueDiskRatio"] = std::to_string(used);
  table["commitLogDirCapacity"] = space ? "Total : " + std::to_string(space->total_bytes) +
                                              " B, Free : " + std::to_string(space->available_bytes) + " B."
                                        : "";
  const int64_t unflushed = store.max_offset() - store.commit_log().flushed_where();
  table["remainHowManyDataToFlush"] = std::to_string(std::max<int64_t>(0, unflushed)) + " B";
  table["remainHowManyDataToCommit"] = "0 B";
}

void add_traffic(BrokerController& broker, ConfigJson& table) {
  const int64_t now_ms = broker.clock().now().value();
  const auto day = [&](const std::string& name, Table of) {
    const DayCount count = broker.stats().day(of);
    table[name + "YesterdayMorning"] = std::to_string(count.yesterday_morning);
    table[name + "TodayMorning"] = std::to_string(count.today_morning);
    table[name + "TodayNow"] = std::to_string(count.now);
  };
  day("msgPutTotal", Table::kBrokerPut);
  day("msgGetTotal", Table::kBrokerGet);
  table["putTps"] = rates(broker.stats().total(Table::kBrokerPut), now_ms);
  const std::string got = rates(broker.stats().total(Table::kBrokerGet), now_ms);
  for (const char* name : {"getTransferredTps", "getTransferedTps", "getTotalTps", "getFoundTps"}) table[name] = got;
  table["getMissTps"] = "0.00 0.00 0.00";
}

// How full the buckets are below which the share of puts lies, in microseconds as Apache has it.
double quantile_us(const LatencyHistogram::Snapshot& values, double share) {
  const auto wanted = static_cast<uint64_t>(share * static_cast<double>(values.count));
  uint64_t below = 0;
  for (size_t i = 0; i < LatencyHistogram::kBuckets; ++i) {
    below += values.buckets[i];
    if (below > wanted) return static_cast<double>(uint64_t{1} << i);
  }
  return 0;
}

void add_puts(BrokerController& broker, ConfigJson& table) {
  const LatencyHistogram::Snapshot puts = broker.stats().put_latency().snapshot();
  const SlidingCount bytes = broker.stats()
                                 .find("BROKER_PUT_SIZE", broker.config().cluster_name)
                                 .value_or(SlidingCount(broker.boot_time().value()));
  const uint64_t messages = broker.stats().total(Table::kBrokerPut).total();
  table["putMessageTimesTotal"] = std::to_string(messages);
  table["putMessageAverageSize"] =
      std::to_string(messages > 0 ? static_cast<double>(bytes.total()) / static_cast<double>(messages) : 0.0);
  table["putLatency99"] = std::to_string(quantile_us(puts, 0.99) / 1000);
  table["putLatency999"] = std::to_string(quantile_us(puts, 0.999) / 1000);
  table["pageCacheLockTimeMills"] = "0";
}

void add_executors(BrokerController& broker, ConfigJson& table) {
  BrokerExecutors& all = broker.executors();
  const std::pair<const char*, const Executor*> named[] = {{"sendThreadPoolQueue", &all.send},
                                                           {"pullThreadPoolQueue", &all.pull},
                                                           {"litePullThreadPoolQueue", &all.lite_pull},
                                                           {"queryThreadPoolQueue", &all.query}};
  for (const auto& [name, executor] : named) {
    table[std::string(name) + "Size"] = std::to_string(executor->queued());
    table[std::string(name) + "Capacity"] = std::to_string(executor->capacity());
    table[std::string(name) + "HeadWaitTimeMills"] = std::to_string(executor->head_wait().count());
  }
  // There is no POP to acknowledge.
  for (const char* name : {"Size", "Capacity", "HeadWaitTimeMills"})
    table[std::string("ackThreadPoolQueue") + name] = "0";
  table["EndTransactionQueueSize"] = std::to_string(all.end_transaction.queued());
  table["EndTransactionThreadPoolQueueCapacity"] = std::to_string(all.end_transaction.capacity());
}

std::string up_time(int64_t up_ms) {
  const auto part = [](int64_t value, const char* unit) { return std::to_string(value) + " " + unit; };
  return "[ " + part(up_ms / SlidingCount::kDay, "days, ") + part(up_ms / SlidingCount::kHour % 24, "hours, ") +
         part(up_ms / SlidingCount::kMinute % 60, "minutes, ") + part(up_ms / SlidingCount::kSecond % 60, "seconds ]");
}

Response runtime_info(BrokerController& broker, const Request&) {
  ConfigJson table = ConfigJson::object();
  table["brokerVersionDesc"] = "V5_3_3";
  table["brokerVersion"] = std::to_string(kProtocolVersion);
  table["brokerActive"] = "true";
  table["bootTimestamp"] = std::to_string(broker.boot_time().value());
  table["runtime"] = up_time(broker.clock().now() - broker.boot_time());
  table["startAcceptSendRequestTimeStamp"] = "0";
  add_traffic(broker, table);
  add_puts(broker, table);
  add_executors(broker, table);
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
  const std::optional<SlidingCount> found = broker.stats().find(name, key);
  if (!found) return Response::of(rc::kSystemError, "The stats <" + name + "> <" + key + "> not exist");
  const int64_t now_ms = broker.clock().now().value();
  const auto item = [&](int64_t window_ms) {
    const CountGain gain = found->last(window_ms, now_ms);
    return ConfigJson{{"avgpt", gain.sum > 0 ? 1.0 : 0.0}, {"sum", gain.sum}, {"tps", gain.per_second}};
  };
  return Response::with_body(compact(ConfigJson{{"statsDay", item(SlidingCount::kDay)},
                                                {"statsHour", item(SlidingCount::kHour)},
                                                {"statsMinute", item(SlidingCount::kMinute)}}));
}

Response consume_stats(BrokerController& broker, const Request& request) {
  const std::string group(request.command.text("consumerGroup")), asked(request.command.text("topic"));
  const std::set<std::string> topics = asked.empty() ? broker.offsets().topics_of(group) : std::set<std::string>{asked};
  return Response::with_body(consume_progress(broker, group, topics).text);
}

// 317: of every group, a list with one member a topic.
Response all_consume_stats(BrokerController& broker, const Request& request) {
  const bool ordered = request.command.truth("isOrder");
  int64_t behind = 0;
  std::string groups;
  for (const auto& [group, settings] : broker.groups().all()) {
    std::string list;
    for (const std::string& topic : broker.offsets().topics_of(group)) {
      const TopicPtr known = broker.topics().find(topic);
      if (!known || (ordered && !known->order)) continue;
      const ConsumeProgress progress = consume_progress(broker, group, {topic});
      list += (list.empty() ? "" : ",") + progress.text;
      behind += progress.behind;
    }
    if (!list.empty()) groups += (groups.empty() ? "{" : ",{") + compact(ConfigJson(group)) + ":[" + list + "]}";
  }
  const std::string address = to_string(broker.address_for(*request.channel));
  return Response::with_body("{\"brokerAddr\":" + compact(ConfigJson(address)) + ",\"consumeStatsList\":[" + groups +
                             "],\"totalDiff\":" + std::to_string(behind) + ",\"totalInflightDiff\":0}");
}

}  // namespace

void register_stats_admin_processors(ProcessorTable& table, BrokerExecutors& executors, BrokerController& broker) {
  const auto add = [&](int32_t code, Response (*process)(BrokerController&, const Request&)) {
    table.add(code, executors.admin, [&broker, process](const RequestPtr& request) -> std::optional<Response> {
      return process(broker, *request);
    });
  };
  add(request_code::kGetBrokerRuntimeInfo, &runtime_info);
  add(request_code::kViewBrokerStatsData, &view_stats);
  add(request_code::kGetConsumeStats, &consume_stats);
  add(request_code::kGetBrokerConsumeStats, &all_consume_stats);
}

}  // namespace mqctl
