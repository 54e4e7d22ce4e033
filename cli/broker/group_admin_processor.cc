// Groups and clients for administrators (Apache: AdminBrokerProcessor).
#include "cli/broker/body_text.h"
#include "cli/broker/broker_controller.h"
#include "cli/broker/processors.h"
#include "cli/broker/topic_validator.h"

namespace mqctl {
namespace {

namespace rc = response_code;
constexpr std::chrono::seconds kForwardLimit{10};

Response of_status(const Status& status) {
  return status.ok() ? Response::success() : Response::of(rc::kSystemError, status.to_string());
}

ConfigJson connection_json(const ClientInfo& client) {
  return ConfigJson{{"clientAddr", to_string(client.channel->remote())},
                    {"clientId", client.id},
                    {"language", language_name(client.language)},
                    {"version", client.version}};
}

using GivenGroups = std::vector<const ConfigJson*>;

// All or none.
Response update_groups(BrokerController& broker, const GivenGroups& given) {
  std::map<std::string, ConfigJson> groups;
  for (const ConfigJson* one : given) {
    const std::string name = text_in(*one, "groupName", "");
    if (std::string fault = group_fault(name); !fault.empty())
      return Response::of(rc::kInvalidParameter, std::move(fault));
    ConfigJson group = default_group_json(name);
    group.update(*one);
    groups.insert_or_assign(name, std::move(group));
  }
  return of_status(broker.groups().update(groups));
}

Response update_one(BrokerController& broker, const Request& request) {
  const std::optional<ConfigJson> body = body_json(request.command);
  if (!body || !body->is_object()) return Response::of(rc::kInvalidParameter, "the body is no JSON");
  return update_groups(broker, {&*body});
}

Response update_many(BrokerController& broker, const Request& request) {
  const std::optional<ConfigJson> body = body_json(request.command);
  if (!body || !body->is_object() || !body->contains("groupConfigList"))
    return Response::of(rc::kInvalidParameter, "no groupConfigList");
  GivenGroups given;
  for (const ConfigJson& entry : (*body)["groupConfigList"]) {
    if (entry.is_object()) given.push_back(&entry);
  }
  return update_groups(broker, given);
}

Response all_groups(BrokerController& broker, const Request& request) {
  const auto groups = broker.groups().all();
  const int64_t from = std::max<int64_t>(0, request.command.number_or("groupSeq", 0));
  const int64_t most = request.command.number("maxGroupNum").value_or(INT64_MAX);
  ConfigJson table = ConfigJson::object();
  for (int64_t i = from; i < static_cast<int64_t>(groups.size()) && i - from < most; ++i) {
    const auto& [name, group] = groups[static_cast<size_t>(i)];
    add_member(table, name, group);
  }
  Response response = Response::with_body(compact(ConfigJson{{"dataVersion", broker.groups().version().json()},
                                                             {"forbiddenTable", broker.groups().forbidden_json()},
                                                             {"subscriptionGroupTable", table}}));
  response.command.set("totalGroupNum", static_cast<int64_t>(groups.size()));
  return response;
}

Response one_group(BrokerController& broker, const Request& request) {
  const std::string name(request.command.text("group"));
  const std::optional<SubscriptionGroup> group = broker.groups().find(name, false);
  if (!group) return Response::of(rc::kSubscriptionGroupNotExist, "No group in this broker. group: " + name);
  return Response::with_body(compact(group->json));
}

Response delete_group(BrokerController& broker, const Request& request) {
  const std::string name(request.command.text("groupName"));
  if (request.command.truth("cleanOffset") || request.command.truth("removeOffset"))
    broker.offsets().remove_group(name);
  return of_status(broker.groups().erase(name));
}

Response consumer_connections(BrokerController& broker, const Request& request) {
  const std::string name(request.command.text("consumerGroup"));
  const std::optional<ConsumerGroup> group = broker.consumers().find(name);
  if (!group) return Response::of(rc::kConsumerNotOnline, "the consumer group[" + name + "] not online");
  ConfigJson connections = ConfigJson::array(), subscriptions = ConfigJson::object();
  for (const ClientInfo& client : group->clients) connections.push_back(connection_json(client));
  for (const auto& [topic, data] : group->subscriptions) add_member(subscriptions, topic, subscription_json(data));
  return Response::with_body(compact(ConfigJson{{"connectionSet", connections},
                                                {"consumeFromWhere", group->model.consume_from},
                                                {"consumeType", group->model.consume_type},
                                                {"messageModel", group->model.message_model},
                                                {"subscriptionTable", subscriptions}}));
}

Response producer_connections(BrokerController& broker, const Request& request) {
  const std::string name(request.command.text("producerGroup"));
  const std::vector<ClientInfo> clients = broker.producers().clients_of(name);
  if (clients.empty()) return Response::of(rc::kSystemError, "the producer group[" + name + "] not exist");
  ConfigJson connections = ConfigJson::array();
  for (const ClientInfo& client : clients) connections.push_back(connection_json(client));
  return Response::with_body(compact(ConfigJson{{"connectionSet", connections}}));
}

Response all_producers(BrokerController& broker, const Request&) {
  ConfigJson data = ConfigJson::object();
  for (const auto& [group, clients] : broker.producers().all()) {
    ConfigJson list = ConfigJson::array();
    for (const ClientInfo& client : clients) {
      list.push_back(ConfigJson{{"clientId", client.id},
                                {"language", language_name(client.language)},
                                {"lastUpdateTimestamp", broker.clock().now().value()},
                                {"remoteIP", "/" + to_string(client.channel->remote())},
                                {"version", client.version}});
    }
    add_member(data, group, std::move(list));
  }
  return Response::with_body(compact(ConfigJson{{"data", data}}));
}

Response topics_of_group(BrokerController& broker, const Request& request) {
  const std::string_view group = request.command.text("group");
  std::set<std::string> topics = broker.offsets().topics_of(group);
  if (const std::optional<ConsumerGroup> online = broker.consumers().find(group)) {
    for (const auto& [topic, data] : online->subscriptions) topics.insert(topic);
  }
  const std::string address = to_string(broker.address_for(*request.channel));
  return Response::with_body(compact(ConfigJson{{"brokerAddr", address}, {"topicList", topics}}));
}

Response subscription_of_group(BrokerController& broker, const Request& request) {
  const std::string group(request.command.text("group")), topic(request.command.text("topic"));
  ConfigJson body{{"group", group}, {"topic", topic}};
  if (const std::optional<SubscriptionData> data = broker.consumers().subscription(group, topic)) {
    body["subscriptionData"] = subscription_json(*data);
  }
  return Response::with_body(compact(body));
}

// Of the group's client with the id, or of any where there is none.
ChannelPtr channel_of(BrokerController& broker, const std::string& group, const std::string& id) {
  const std::optional<ConsumerGroup> online = broker.consumers().find(group);
  if (!online) return nullptr;
  for (const ClientInfo& client : online->clients) {
    if (client.id == id || id.empty()) return client.channel;
  }
  return nullptr;
}

// Asked of a client, and its answer passed on as it is.
std::optional<Response> forward(BrokerController& broker, const RequestPtr& request) {
  const ReceivedCommand& asked = request->command;
  const std::string group(asked.text("consumerGroup")), id(asked.text("clientId"));
  const ChannelPtr channel = channel_of(broker, group, id);
  if (channel == nullptr) return Response::of(rc::kSystemError, "The Consumer <" + group + "> <" + id + "> not online");
  RemotingCommand command;
  command.code = asked.code;
  for (const auto& [name, value] : asked.ext) command.ext.emplace_back(name, value);
  if (asked.code == request_code::kConsumeMessageDirectly) {
    const std::optional<OffsetMessageId> place = parse_offset_message_id(asked.text("msgId"));
    MessageView view;
    const Result<HeldBytes> held = broker.store().message_at(place ? place->physical_offset : PhysicalOffset(-1), view);
    if (!held) return Response::of(rc::kSystemError, "can not find the message");
    command.body = as_text(view.record);
    const std::string topic(view.topic);
    const TopicPtr known = broker.topics().find(topic);
    const std::optional<SubscriptionGroup> settings = broker.group(group);
    command.set("topic", topic)
        .set("topicSysFlag", known ? known->sys_flag : 0)
        .set("groupSysFlag", settings ? number_in(settings->json, "groupSysFlag", 0) : 0);
  }
  channel->request(
      std::move(command), kForwardLimit, [asker = request->asker(), group, id](std::optional<ReceivedCommand> answer) {
        if (!answer) {
          return asker.respond(
              Response::of(rc::kConsumeMsgTimeout, "consumer <" + group + "> <" + id + "> Timeout: 10000ms"));
        }
        Response response = Response::of(answer->code, std::string(answer->remark));
        response.command.body = as_text(answer->body);
        asker.respond(std::move(response));
      });
  return std::nullopt;
}

}  // namespace

void register_group_admin_processors(ProcessorTable& table, BrokerExecutors& executors, BrokerController& broker) {
  const auto add = [&](int32_t code, Response (*process)(BrokerController&, const Request&)) {
    table.add(code, executors.admin, [&broker, process](const RequestPtr& request) -> std::optional<Response> {
      return process(broker, *request);
    });
  };
  add(request_code::kUpdateAndCreateSubscriptionGroup, &update_one);
  add(request_code::kUpdateAndCreateSubscriptionGroupList, &update_many);
  add(request_code::kGetAllSubscriptionGroupConfig, &all_groups);
  add(request_code::kGetSubscriptionGroupConfig, &one_group);
  add(request_code::kDeleteSubscriptionGroup, &delete_group);
  add(request_code::kGetConsumerConnectionList, &consumer_connections);
  add(request_code::kGetProducerConnectionList, &producer_connections);
  add(request_code::kGetAllProducerInfo, &all_producers);
  add(request_code::kQueryTopicsByConsumer, &topics_of_group);
  add(request_code::kQuerySubscriptionByConsumer, &subscription_of_group);
  for (const int32_t code : {request_code::kGetConsumerRunningInfo, request_code::kConsumeMessageDirectly}) {
    table.add(code, executors.admin, [&broker](const RequestPtr& request) { return forward(broker, request); });
  }
}

}  // namespace mqctl
