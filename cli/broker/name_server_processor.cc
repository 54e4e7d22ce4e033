// The name server's part: routes, cluster, topic lists, key-values (Apache: ClientRequestProcessor,
// DefaultRequestProcessor, RouteInfoManager). There is one broker, this one.
#include "cli/broker/body_text.h"
#include "cli/broker/broker_controller.h"
#include "cli/broker/processors.h"
#include "cli/broker/properties_text.h"
#include "cli/broker/topic_validator.h"

namespace mqctl {
namespace {

namespace rc = response_code;

std::string address_text(BrokerController& broker, const Request& request) {
  return to_string(broker.address_for(*request.channel));
}

ConfigJson broker_json(BrokerController& broker, const Request& request) {
  const BrokerConfig& config = broker.config();
  return ConfigJson{{"brokerAddrs", ConfigJson{{std::to_string(config.broker_id), address_text(broker, request)}}},
                    {"brokerName", config.broker_name},
                    {"cluster", config.cluster_name},
                    {"enableActingMaster", false}};
}

Response route(BrokerController& broker, const Request& request) {
  const std::string name(request.command.text("topic"));
  const TopicPtr topic = broker.topics().find(name);
  if (!topic) {
    return Response::of(rc::kTopicNotExist,
                        "No topic route info in name server for the topic: " + name + std::string(kFaq));
  }
  const int32_t perm = topic->perm & (broker.config().permission | permission::kInherit);
  ConfigJson body = ConfigJson::object();
  body["brokerDatas"] = ConfigJson::array({broker_json(broker, request)});
  body["filterServerTable"] = ConfigJson::object();
  if (const std::optional<std::string> order = broker.kv_config().get("ORDER_TOPIC_CONFIG", name))
    body["orderTopicConf"] = *order;
  body["queueDatas"] = ConfigJson::array({ConfigJson{{"brokerName", broker.config().broker_name},
                                                     {"perm", perm},
                                                     {"readQueueNums", topic->read_queues},
                                                     {"topicSysFlag", topic->sys_flag},
                                                     {"writeQueueNums", topic->write_queues}}});
  return Response::with_body(compact(body));
}

Response cluster_info(BrokerController& broker, const Request& request) {
  const BrokerConfig& config = broker.config();
  return Response::with_body(compact(
      ConfigJson{{"brokerAddrTable", ConfigJson{{config.broker_name, broker_json(broker, request)}}},
                 {"clusterAddrTable", ConfigJson{{config.cluster_name, ConfigJson::array({config.broker_name})}}}}));
}

Response topic_list(const std::vector<std::string>& topics) {
  return Response::with_body(compact(ConfigJson{{"topicList", topics}}));
}

Response all_topics(BrokerController& broker, const Request&) {
  std::vector<std::string> names;
  for (const auto& [name, topic] : broker.topics().all()) names.push_back(name);
  return topic_list(names);
}

Response system_topics(BrokerController& broker, const Request& request) {
  const BrokerConfig& config = broker.config();
  return Response::with_body(
      compact(ConfigJson{{"brokerAddr", address_text(broker, request)},
                         {"topicList", ConfigJson::array({config.cluster_name, config.broker_name})}}));
}

Response topics_by_cluster(BrokerController& broker, const Request& request) {
  if (request.command.text("cluster") != broker.config().cluster_name) return topic_list({});
  return all_topics(broker, request);
}

Response no_topics(BrokerController&, const Request&) { return topic_list({}); }
Response done(BrokerController&, const Request&) { return Response::success(); }

Response put_kv(BrokerController& broker, const Request& request) {
  const ReceivedCommand& command = request.command;
  if (!command.find("namespace") || !command.find("key"))
    return Response::of(rc::kSystemError, "namespace or key is null");
  const Status status = broker.kv_config().put(std::string(command.text("namespace")), std::string(command.text("key")),
                                               std::string(command.text("value")));
  return status.ok() ? Response::success() : Response::of(rc::kSystemError, status.to_string());
}

Response get_kv(BrokerController& broker, const Request& request) {
  const std::string space(request.command.text("namespace")), key(request.command.text("key"));
  const std::optional<std::string> value = broker.kv_config().get(space, key);
  if (!value) return Response::of(rc::kQueryNotFound, "No config item, Namespace: " + space + " Key: " + key);
  Response response = Response::success();
  response.command.set("value", *value);
  return response;
}

Response delete_kv(BrokerController& broker, const Request& request) {
  const Status status = broker.kv_config().erase(std::string(request.command.text("namespace")),
                                                 std::string(request.command.text("key")));
  return status.ok() ? Response::success() : Response::of(rc::kSystemError, status.to_string());
}

Response list_kv(BrokerController& broker, const Request& request) {
  const std::string space(request.command.text("namespace"));
  const std::optional<KvConfigManager::Table> table = broker.kv_config().list(space);
  if (!table) return Response::of(rc::kQueryNotFound, "No config item, Namespace: " + space);
  return Response::with_body(compact(ConfigJson{{"table", *table}}));
}

Response change_write_perm(BrokerController& broker, const Request& request, bool add) {
  if (request.command.text("brokerName") != broker.config().broker_name) {
    Response response = Response::success();
    response.command.set(add ? "addTopicCount" : "wipeTopicCount", 0);
    return response;
  }
  const int32_t perm = add ? permission::kRead | permission::kWrite : permission::kRead;
  (void)broker.set_config("brokerPermission", std::to_string(perm));
  Response response = Response::success();
  response.command.set(add ? "addTopicCount" : "wipeTopicCount", static_cast<int64_t>(broker.topics().all().size()));
  return response;
}

Response register_topic(BrokerController& broker, const Request& request) {
  const std::string topic(request.command.text("topic"));
  if (std::string fault = topic_fault(topic); !fault.empty())
    return Response::of(rc::kInvalidParameter, std::move(fault));
  const Result<Topic> made = broker.topics().ensure(topic, 4, permission::kRead | permission::kWrite);
  return made ? Response::success() : Response::of(rc::kSystemError, made.error().to_string());
}

Response name_server_config(BrokerController& broker, const Request&) {
  std::string body = "listenPort=" + std::to_string(broker.port()) + "\n";
  for (const auto& [key, value] : broker.name_server_config().all()) body += key + "=" + value + "\n";
  return Response::with_body(std::move(body));
}

// Kept and shown; none of them changes what we do.
Response update_name_server_config(BrokerController& broker, const Request& request) {
  const auto entries = parse_properties_text(as_text(request.command.body));
  for (const auto& [key, value] : entries) {
    for (const char* fixed : {"configBlackList", "configStorePath", "kvConfigPath", "rocketmqHome"}) {
      if (key == fixed) return Response::of(rc::kNoPermission, "Can not update config in black list.");
    }
  }
  if (!broker.name_server_config().update(entries)) return Response::of(rc::kSystemError, "too much configuration");
  return Response::success();
}

}  // namespace

void register_name_server_processors(ProcessorTable& table, BrokerExecutors& executors, BrokerController& broker) {
  const auto add = [&](int32_t code, Response (*process)(BrokerController&, const Request&)) {
    table.add(code, executors.client_manage, [&broker, process](const RequestPtr& request) -> std::optional<Response> {
      return process(broker, *request);
    });
  };
  add(request_code::kGetRouteInfoByTopic, &route);
  add(request_code::kGetBrokerClusterInfo, &cluster_info);
  add(request_code::kGetAllTopicListFromNameServer, &all_topics);
  add(request_code::kGetSystemTopicListFromNameServer, &system_topics);
  add(request_code::kGetTopicsByCluster, &topics_by_cluster);
  for (const int32_t code : {request_code::kGetUnitTopicList, request_code::kGetHasUnitSubTopicList,
                             request_code::kGetHasUnitSubUnUnitTopicList}) {
    add(code, &no_topics);
  }
  add(request_code::kPutKvConfig, &put_kv);
  add(request_code::kGetKvConfig, &get_kv);
  add(request_code::kDeleteKvConfig, &delete_kv);
  add(request_code::kGetKvListByNamespace, &list_kv);
  add(request_code::kDeleteTopicInNameServer, &done);  // the broker's own table is the route
  add(request_code::kRegisterTopicInNameServer, &register_topic);
  add(request_code::kWipeWritePermOfBroker,
      [](BrokerController& b, const Request& r) { return change_write_perm(b, r, false); });
  add(request_code::kAddWritePermOfBroker,
      [](BrokerController& b, const Request& r) { return change_write_perm(b, r, true); });
  add(request_code::kGetNameServerConfig, &name_server_config);
  add(request_code::kUpdateNameServerConfig, &update_name_server_config);
}

}  // namespace mqctl
