// The broker itself for administrators: configuration, run-time figures, clean-up (Apache: AdminBrokerProcessor).
#include "cli/broker/body_text.h"
#include "cli/broker/broker_controller.h"
#include "cli/broker/processors.h"
#include "cli/broker/properties_text.h"
#include "libstore/index/consume_queue_store.h"
#include "libstore/message/delay_level.h"

namespace mqctl {
namespace {

namespace rc = response_code;

// What administrators' tools need to find, and what is only known once the broker runs.
BrokerConfig running_config(BrokerController& broker, const Request& request) {
  BrokerConfig config = broker.config();
  config.listen_port = broker.port();
  config.listen_address = ip_text(broker.address_for(*request.channel));
  config.segment_bytes = static_cast<int64_t>(broker.store().commit_log().segment_bytes());
  config.queue_segment_bytes = static_cast<int64_t>(broker.store().consume_queues().segment_bytes());
  return config;
}

Response get_config(BrokerController& broker, const Request& request) {
  const BrokerConfig config = running_config(broker, request);
  std::string body;
  for (const auto& [key, value] : broker_config_entries(config)) body += key + "=" + value + "\n";
  body += "storePathRootDir=" + broker.options().root + "\n";
  body += "storePathCommitLog=" + join_path(broker.options().root, "commitlog") + "\n";
  body += "namesrvAddr=" + to_string(broker.address_for(*request.channel)) + "\n";
  body += "brokerRole=ASYNC_MASTER\nfilterServerNums=0\nmsgTraceTopicName=RMQ_SYS_TRACE_TOPIC\n";
  body += "slaveReadEnable=false\nuseTLS=false\n";
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

Response clean_queues(BrokerController& broker, const Request&) {
  broker.store().consume_queues().correct_min_offsets(broker.store().min_offset());
  return Response::success();
}

// Queues of topics that nobody knows any more.
Response clean_topics(BrokerController& broker, const Request&) {
  const Result<int> deleted = broker.store().delete_queues([&](std::string_view topic) {
    return !broker.topics().find(topic) && !broker.topics().is_system(topic) && topic != kScheduleTopic;
  });
  if (!deleted) return Response::of(rc::kSystemError, deleted.error().to_string());
  if (*deleted > 0) broker.log().info("deleted " + std::to_string(*deleted) + " queues of topics that are gone");
  return Response::success();
}

Response delete_expired(BrokerController& broker, const Request&) {
  broker.retention().delete_manually();
  return Response::success();
}

Response ha_status(BrokerController& broker, const Request&) {
  const ConfigJson no_client{{"lastReadTimestamp", 0},
                             {"lastWriteTimestamp", 0},
                             {"masterFlushOffset", 0},
                             {"maxOffset", 0},
                             {"transferredByteInSecond", 0}};
  return Response::with_body(compact(ConfigJson{{"haClientRuntimeInfo", no_client},
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

void register_broker_admin_processors(ProcessorTable& table, BrokerExecutors& executors, BrokerController& broker) {
  const auto add = [&](int32_t code, Response (*process)(BrokerController&, const Request&)) {
    table.add(code, executors.admin, [&broker, process](const RequestPtr& request) -> std::optional<Response> {
      return process(broker, *request);
    });
  };
  add(request_code::kGetBrokerConfig, &get_config);
  add(request_code::kUpdateBrokerConfig, &update_config);
  add(request_code::kCleanExpiredConsumeQueue, &clean_queues);
  add(request_code::kCleanUnusedTopic, &clean_topics);
  add(request_code::kDeleteExpiredCommitLog, &delete_expired);
  add(request_code::kGetBrokerHaStatus, &ha_status);
  add(request_code::kPopMessage, &pop_later);
  add(request_code::kAckMessage, &pop_later);
}

}  // namespace mqctl
